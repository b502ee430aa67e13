package convoy.bench;

import convoy.core.Location;
import convoy.core.Tars;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Pictures as ImageNet is handed out: a thousand class tars in one tar. Drawn, no two alike. */
final class NestedTars {
  static final int CLASSES = 1000;
  private static final int DRAWINGS = 32;

  /** Of a JPEG, before its first segment: a comment of eight bytes that makes a picture its own. */
  private static final int COMMENT_BYTES = 12;

  private final List<byte[]> drawings = new ArrayList<>();

  /**
   * @param height and {@code width} in pixels
   */
  NestedTars(int height, int width) {
    for (int i = 0; i < DRAWINGS; i++) {
      drawings.add(PictureEncoder.jpeg(drawing(height, width, i), 0.9));
    }
  }

  /** Waves with some noise: about as many bytes a pixel as photographs have. */
  private static Picture drawing(int height, int width, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double across = 0.01 + 0.05 * random.nextDouble();
    double down = 0.01 + 0.05 * random.nextDouble();
    byte[] samples = new byte[height * width * 3];
    for (int i = 0; i < samples.length; i++) {
      int row = i / 3 / width;
      int column = i / 3 % width;
      double wave = Math.sin(row * down + i % 3) + Math.sin(column * across * (1 + i % 3));
      samples[i] = (byte) (128 + 45 * wave + random.nextInt(-27, 28));
    }
    return new Picture(height, width, 3, samples);
  }

  /** Writes so many, the classes equal to within one; returns the bytes of the pictures. */
  long write(Location file, int pictures) {
    long[] bytes = new long[1];
    file.write(
        out -> {
          try (TarArchiveOutputStream outer = new TarArchiveOutputStream(out)) {
            for (int c = 0, number = 0; c < CLASSES; c++) {
              int end = (int) ((long) pictures * (c + 1) / CLASSES);
              byte[] inner = inner(c, number, end);
              bytes[0] += inner.length;
              number = end;
              long unused = Tars.put(outer, "n%08d.tar".formatted(c), inner);
            }
          }
        });
    return bytes[0];
  }

  private byte[] inner(int label, int from, int end) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (int i = from; i < end; i++) {
        long unused =
            Tars.put(tar, "n%08d_%d.JPEG".formatted(label, i), own(drawings.get(i % DRAWINGS), i));
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] own(byte[] jpeg, int number) {
    byte[] file = new byte[jpeg.length + COMMENT_BYTES];
    System.arraycopy(jpeg, 0, file, 0, 2);
    file[2] = (byte) 0xFF;
    file[3] = (byte) 0xFE;
    file[5] = COMMENT_BYTES - 2;
    for (int i = 0; i < Integer.BYTES; i++) {
      file[6 + i] = (byte) (number >> 8 * i);
    }
    System.arraycopy(jpeg, 2, file, 2 + COMMENT_BYTES, jpeg.length - 2);
    return file;
  }
}
