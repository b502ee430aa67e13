package convoy.data.pictures;

import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The orientation tag of EXIF 2.3, 1 to 8: how the camera was held. */
final class ExifOrientation {
  private static final int EXIF_HEADER_BYTES = 6;

  private ExifOrientation() {}

  /** 1 (upright) where there is no tag, or none that can be read. */
  static int of(byte[] file, PictureFormat format) {
    try {
      byte[] exif =
          switch (format) {
            case JPEG -> ofJpeg(file);
            case PNG -> chunk(file, "eXIf", 8, true);
            case WEBP -> chunk(file, "EXIF", 12, false);
            case GIF, BMP, TIFF -> new byte[0];
          };
      return exif.length == 0 ? 1 : tag(exif);
    } catch (IOException | RuntimeException e) {
      // A broken EXIF block says nothing about the picture, which is whole.
      return 1;
    }
  }

  /** The picture as it was seen. */
  static Picture apply(Picture picture, int orientation) {
    if (orientation == 1) {
      return picture;
    }
    boolean swapped = orientation >= 5;
    int height = swapped ? picture.width() : picture.height();
    int width = swapped ? picture.height() : picture.width();
    int channels = picture.channels();
    byte[] turned = new byte[height * width * channels];
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        int across =
            switch (orientation) {
              case 2, 3 -> width - 1 - column;
              case 5, 6 -> row;
              case 7, 8 -> height - 1 - row;
              default -> column;
            };
        int down =
            switch (orientation) {
              case 3, 4 -> height - 1 - row;
              case 5, 8 -> column;
              case 6, 7 -> width - 1 - column;
              default -> row;
            };
        for (int c = 0; c < channels; c++) {
          turned[(row * width + column) * channels + c] = (byte) picture.sample(down, across, c);
        }
      }
    }
    return new Picture(height, width, channels, turned);
  }

  private static byte[] ofJpeg(byte[] file) throws IOException {
    List<JPEGSegment> segments =
        JPEGSegmentUtil.readSegments(new ByteArrayImageInputStream(file), JPEG.APP1, "Exif");
    if (segments.isEmpty()) {
      return new byte[0];
    }
    byte[] segment = segments.get(0).data().readAllBytes();
    return segment.length > 1 ? Arrays.copyOfRange(segment, 1, segment.length) : new byte[0];
  }

  /** A chunk of PNG (length, name, data, checksum) or of RIFF (name, length, data). */
  private static byte[] chunk(byte[] file, String wanted, int start, boolean lengthFirst) {
    ByteBuffer in =
        ByteBuffer.wrap(file).order(lengthFirst ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int at = start;
    while (at + 8 <= file.length) {
      int length = in.getInt(lengthFirst ? at : at + 4);
      String name = new String(file, lengthFirst ? at + 4 : at, 4, StandardCharsets.ISO_8859_1);
      if (length < 0 || length > file.length - at - 8) {
        break;
      }
      if (name.equals(wanted)) {
        return Arrays.copyOfRange(file, at + 8, at + 8 + length);
      }
      at += 8 + length + (lengthFirst ? 4 : length % 2);
    }
    return new byte[0];
  }

  private static int tag(byte[] exif) throws IOException {
    String head = new String(exif, 0, Math.min(4, exif.length), StandardCharsets.ISO_8859_1);
    byte[] tiff =
        head.startsWith("Exif") ? Arrays.copyOfRange(exif, EXIF_HEADER_BYTES, exif.length) : exif;
    Entry entry =
        new TIFFReader()
            .read(new ByteArrayImageInputStream(tiff))
            .getEntryById(TIFF.TAG_ORIENTATION);
    int value = entry != null && entry.getValue() instanceof Number number ? number.intValue() : 1;
    return value >= 1 && value <= 8 ? value : 1;
  }
}
