package convoy.data;

import java.util.Locale;
import java.util.Set;

/** Which file names are those of pictures. Whether the content is one is for the decoder to say. */
final class PictureFiles {
  private static final Set<String> EXTENSIONS = Set.of("jpg", "jpeg", "png", "gif", "webp", "bmp");

  private PictureFiles() {}

  static boolean isPicture(String name) {
    return EXTENSIONS.contains(extension(name));
  }

  static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
