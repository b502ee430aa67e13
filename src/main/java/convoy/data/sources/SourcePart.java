package convoy.data.sources;

import java.io.Serializable;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A stretch of a source that one task reads forwards: a folder of pictures, a tar, a tar in a tar,
 * a file of records. It has the same pictures in the same order each time.
 */
public sealed interface SourcePart extends Serializable permits FilePart, LoosePart, Strays {

  /** Where it is, for messages; unique in the source. */
  String name();

  /** Bytes of its file; 0 where that is not known, as of folders. */
  default long bytes() {
    return 0;
  }

  /**
   * Opens it at its beginning.
   *
   * @param skipped is told of files that are taken for no pictures
   */
  PartReader open(Consumer<Skipped> skipped);

  /** What is wrong if it has no pictures. */
  default Optional<String> problemIfEmpty() {
    return Optional.empty();
  }

  /**
   * A file that was taken for no picture.
   *
   * @param file that it is, or is in
   * @param reason such as "is hidden"
   */
  record Skipped(String file, String name, String reason) implements Serializable {}
}
