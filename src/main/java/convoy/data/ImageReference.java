package convoy.data;

import java.io.Serializable;

/**
 * Where one labelled picture is, without its bytes.
 *
 * @param split that the source itself puts it in, or an empty text
 * @param className of its class in the source
 * @param name of the picture, unique within its class and split
 * @param file that holds it; bytes {@code offset} to {@code offset + length} of the content, which
 *     is unzipped first if the file's name ends in {@code .gz}
 * @param raw what the bytes are where they are no picture file
 */
public record ImageReference(
    String split,
    String className,
    String name,
    String file,
    long offset,
    long length,
    RawPixels raw)
    implements Serializable {

  /** Bytes of a picture without a header: one byte a sample, channel after channel, row by row. */
  public record RawPixels(int channels, int height, int width) implements Serializable {
    /** The bytes are a file with a header of its own: JPEG, PNG, ... */
    public static final RawPixels NONE = new RawPixels(0, 0, 0);
  }

  /** For messages and for the split by hash. */
  public String path() {
    return className + "/" + name;
  }
}
