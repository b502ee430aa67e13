package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Which file names are those of pictures. Whether the content is one is for the decoder to say. */
public final class PictureFiles {
  private static final Set<String> EXTENSIONS =
      Set.of("jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff");
  private static final Set<String> UNREADABLE = Set.of("heic", "heif", "avif", "jxl", "jp2", "svg");

  private PictureFiles() {}

  public static boolean isPicture(String name) {
    return EXTENSIONS.contains(extension(name));
  }

  /** Why a file of this name, a path perhaps, is passed over. */
  static Optional<String> reasonToSkip(String name) {
    for (String part : name.split("/")) {
      if (part.startsWith(".") || part.equals("__MACOSX")) {
        return Optional.of("is hidden");
      }
    }
    if (isPicture(name)) {
      return Optional.empty();
    }
    return Optional.of(
        UNREADABLE.contains(extension(name))
            ? "is a picture of a format that cannot be read (." + extension(name) + ")"
            : "has no picture's extension");
  }

  /**
   * A picture file whole; the length spares a call for it.
   *
   * @param length that it had when it was listed, {@link SourcePicture#UNKNOWN} where nobody looked
   * @throws UserException if it has another length now
   */
  static byte[] read(Location file, long length) {
    boolean known = length != SourcePicture.UNKNOWN;
    // One more would come from a file that grew.
    int most = 1 + (known ? Math.toIntExact(length) : PartReader.LONGEST_BYTES);
    byte[] content =
        ImageSource.reading(
            file.uri(),
            () -> {
              try (InputStream in = file.open(0, most)) {
                return in.readNBytes(most);
              }
            });
    if (known && content.length != length) {
      throw new UserException(
          "Cannot read %s: it is %s than it was when it was listed. Run again, and leave it alone meanwhile."
              .formatted(file, content.length < length ? "shorter" : "longer"));
    }
    return content;
  }

  static boolean isTar(String name) {
    return extension(name).equals("tar");
  }

  static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
