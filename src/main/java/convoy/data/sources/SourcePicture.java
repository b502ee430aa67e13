package convoy.data.sources;

import java.io.Serializable;
import java.util.Optional;

/**
 * One labelled picture of a source, without its bytes.
 *
 * @param split that the source itself puts it in, or an empty text
 * @param className of its class in the source
 * @param group of pictures that must not be parted by splits, or an empty text
 * @param name of the picture, unique within its class and split
 * @param file that holds it
 * @param length of its content in bytes, {@link #UNKNOWN} where that is not known
 * @param modified of a file of its own, in milliseconds since 1970; 0 otherwise, or unknown
 * @param raw what the content is where it is no picture file
 */
public record SourcePicture(
    String split,
    String className,
    String group,
    String name,
    String file,
    long length,
    long modified,
    Optional<RawPixels> raw) {
  public static final long UNKNOWN = -1;

  /** Content without a header: one byte a sample, channel after channel, row by row. */
  public record RawPixels(int channels, int height, int width) implements Serializable {
    int bytes() {
      return channels * height * width;
    }
  }

  /** For messages and for the split by hash. */
  public String path() {
    return className + "/" + name;
  }
}
