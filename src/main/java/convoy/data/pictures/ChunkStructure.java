package convoy.data.pictures;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The chunks of a PNG (ISO/IEC 15948) or of a RIFF container (WebP). Decoders make room for what a
 * chunk claims before they look for it; a file of a hundred bytes can claim gigabytes.
 */
final class ChunkStructure {
  private static final int PNG_SIGNATURE_BYTES = 8;
  private static final int RIFF_HEADER_BYTES = 12;

  private ChunkStructure() {}

  /** Refuses a file whose chunks before its pixels are longer than it is. */
  static void checkPng(byte[] file) throws BrokenPictureException {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.BIG_ENDIAN);
    int at = PNG_SIGNATURE_BYTES;
    while (at + 8 <= file.length) {
      long length = in.getInt(at) & 0xFFFFFFFFL;
      String name = name(file, at + 4);
      if (name.equals("IDAT")) {
        // Pixels are read as they come, and may all be there where the end is not.
        return;
      }
      // Length, name and checksum take four bytes each.
      require(at + 12 + length <= file.length, name, length);
      at += 12 + (int) length;
    }
  }

  /** Refuses a file whose chunks are longer than it is. */
  static void checkRiff(byte[] file) throws BrokenPictureException {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = RIFF_HEADER_BYTES;
    // Some programs leave bytes after the end.
    long end = file.length < 8 ? 0 : Math.min(file.length, 8 + (in.getInt(4) & 0xFFFFFFFFL));
    while (at + 8 <= end) {
      long length = in.getInt(at + 4) & 0xFFFFFFFFL;
      require(at + 8 + length <= file.length, name(file, at), length);
      // Chunks begin at even places.
      at += 8 + (int) (length + length % 2);
    }
  }

  private static void require(boolean holds, String chunk, long length)
      throws BrokenPictureException {
    if (!holds) {
      throw new BrokenPictureException(
          "is cut short (chunk %s claims %,d bytes)".formatted(chunk, length));
    }
  }

  private static String name(byte[] file, int at) {
    return new String(file, at, 4, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
  }
}
