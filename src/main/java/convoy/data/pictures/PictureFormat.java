package convoy.data.pictures;

import java.nio.charset.StandardCharsets;

/** What a file is by its first bytes; its name proves nothing. */
enum PictureFormat {
  JPEG,
  PNG,
  GIF,
  WEBP,
  BMP,
  TIFF;

  static PictureFormat of(byte[] file) throws BrokenPictureException {
    if (file.length == 0) {
      throw new BrokenPictureException("is empty");
    }
    String head = new String(file, 0, Math.min(file.length, 16), StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u00FF\u00D8")) {
      return JPEG;
    }
    if (head.startsWith("\u0089PNG\r\n\u001A\n")) {
      return PNG;
    }
    if (head.startsWith("GIF8")) {
      return GIF;
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
      return WEBP;
    }
    if (head.startsWith("BM")) {
      return BMP;
    }
    if (head.startsWith("II*\0") || head.startsWith("MM\0*")) {
      return TIFF;
    }
    if (head.startsWith("ftyp", 4)) {
      throw new BrokenPictureException(
          "is of a format that cannot be read (%s)".formatted(printable(head.substring(8))));
    }
    throw new BrokenPictureException("is no picture (begins with %s)".formatted(printable(head)));
  }

  private static String printable(String head) {
    return "'" + head.substring(0, Math.min(8, head.length())).replaceAll("[^ -~]", ".") + "'";
  }
}
