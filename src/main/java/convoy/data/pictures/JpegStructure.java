package convoy.data.pictures;

/**
 * The marker segments of a JPEG (ITU-T T.81, annex B). A whole file has its end-of-image marker
 * after the last scan; a file that was cut does not, since inside a scan every 0xFF is stuffed and
 * embedded thumbnails sit inside segments that are stepped over by their length.
 */
final class JpegStructure {
  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;

  private JpegStructure() {}

  /** Refuses a file whose data ends before its end-of-image marker. */
  static void check(byte[] file) throws BrokenPictureException {
    boolean scanSeen = false;
    int at = 2;
    while (true) {
      at = nextMarker(file, at);
      if (at < 0) {
        throw new BrokenPictureException(
            scanSeen
                ? "is cut short (no end-of-image marker)"
                : "is cut short (ends before its first scan)");
      }
      int marker = file[at - 1] & 0xFF;
      if (marker == EOI && scanSeen) {
        return;
      }
      scanSeen |= marker == SOS;
      if (hasLength(marker)) {
        if (at + 2 > file.length) {
          throw new BrokenPictureException("is cut short (inside a marker segment)");
        }
        int length = (file[at] & 0xFF) << 8 | file[at + 1] & 0xFF;
        // A false length is for the decoder to judge: some read such files right.
        at += Math.max(2, length);
      }
    }
  }

  /** Baseline, extended or progressive, of one or three components: what every reader knows. */
  static boolean isOrdinary(byte[] file) {
    int at = 2;
    while ((at = nextMarker(file, at)) >= 0 && at + 8 < file.length) {
      int marker = file[at - 1] & 0xFF;
      if (isFrame(marker)) {
        int components = file[at + 7] & 0xFF;
        return marker <= 0xC2 && (components == 1 || components == 3);
      }
      if (hasLength(marker)) {
        at += Math.max(2, (file[at] & 0xFF) << 8 | file[at + 1] & 0xFF);
      }
    }
    return false;
  }

  /** Position after the next marker from {@code at}, or -1 at the end of the file. */
  private static int nextMarker(byte[] file, int at) {
    for (int i = at; i + 1 < file.length; i++) {
      int code = file[i + 1] & 0xFF;
      if ((file[i] & 0xFF) == 0xFF && code != 0 && code != 0xFF) {
        return i + 2;
      }
    }
    return -1;
  }

  private static boolean hasLength(int marker) {
    boolean restart = marker >= 0xD0 && marker <= 0xD7;
    return !restart && marker != SOI && marker != EOI && marker != 0x01;
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }
}
