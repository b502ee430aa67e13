package convoy.data.sources;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** The pictures of a part, one after the other. */
public interface PartReader extends Closeable {
  /** No picture is read that is longer; whoever allows less has to look at its length. */
  int LONGEST_BYTES = 500_000_000;

  /** The next picture; its content is passed over if nobody asks for it. */
  Optional<SourcePicture> next() throws IOException;

  /**
   * The content of the picture that {@code next} gave last, once.
   *
   * @throws IOException if it ends too early
   */
  byte[] content() throws IOException;
}
