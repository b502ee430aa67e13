package convoy.data.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.TestData;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PictureDecoderTest {

  /** {@code odd-images.tsv}: file, then size and whether it is kept, or rejected and why. */
  @Test
  void everyOddPictureHasItsDocumentedOutcome() throws IOException {
    Path folder = TestData.folder("odd-images");
    TreeMap<String, String> wanted = new TreeMap<>();
    TreeMap<String, String> found = new TreeMap<>();
    try (var table = getClass().getResourceAsStream("odd-images.tsv")) {
      for (String line :
          new String(table.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        String[] cells = line.split("\t", 2);
        wanted.put(cells[0], cells[1]);
        found.put(cells[0], outcome(Files.readAllBytes(folder.resolve(cells[0]))));
      }
    }
    assertThat(found).isEqualTo(wanted);
    try (var files = Files.walk(folder, 2)) {
      long pictures =
          files
              .filter(f -> Files.isRegularFile(f) && f.getParent().getParent().equals(folder))
              .filter(f -> !f.endsWith("LICENSE.txt"))
              .count();
      assertThat(pictures).as("files without a documented outcome").isEqualTo(wanted.size());
    }
  }

  private static String outcome(byte[] file) {
    try {
      var decoded = PictureDecoder.inspect(file, PictureDecoder.Limits.CHECKED);
      Picture picture = decoded.picture();
      return "%dx%dx%d\t%s"
          .formatted(
              picture.width(),
              picture.height(),
              picture.channels(),
              decoded.plain() ? "kept" : "encoded");
    } catch (BrokenPictureException e) {
      return "rejected\t" + e.getMessage();
    }
  }

  @Test
  void depthPaletteAndColourModelDoNotChangeThePicture() throws Exception {
    Path folder = TestData.folder("odd-images").resolve("derived");
    Picture original =
        PictureDecoder.decode(Files.readAllBytes(folder.resolve("ok_baseline.JPEG")));
    for (String other :
        List.of(
            "rgb16.png",
            "palette.png",
            "cmyk.JPEG",
            "progressive.JPEG",
            "exif_orientation6.JPEG")) {
      Picture picture = PictureDecoder.decode(Files.readAllBytes(folder.resolve(other)));
      // 256 dithered colours are further off, pixel by pixel.
      assertThat(meanDifference(original, picture))
          .as(other)
          .isLessThan(other.startsWith("palette") ? 15 : 8);
    }
    Picture gray = original.withChannels(1);
    for (String other : List.of("gray16.png", "grayscale.JPEG", "gray_alpha.png")) {
      Picture picture = PictureDecoder.decode(Files.readAllBytes(folder.resolve(other)));
      assertThat(meanDifference(gray, picture)).as(other).isLessThan(4);
    }
  }

  @Test
  void everyOrientationComesOutUpright() throws Exception {
    Path folder = TestData.folder("odd-images").resolve("pillow");
    Picture upright = PictureDecoder.decode(Files.readAllBytes(folder.resolve("hopper.jpg")));
    for (int orientation = 2; orientation <= 8; orientation++) {
      Picture picture =
          PictureDecoder.decode(
              Files.readAllBytes(
                  folder.resolve("hopper_orientation_%d.jpg".formatted(orientation))));
      assertThat(meanDifference(upright, picture)).as("orientation %d", orientation).isLessThan(8);
    }
  }

  /** What somebody may put among pictures to fill a heap; each is refused without being decoded. */
  @Test
  void bombsAreNamedAndTakeNoMemory() throws Exception {
    var limits = new PictureDecoder.Limits(70_000_000, 0);
    BufferedImage huge = new BufferedImage(20_000, 20_000, BufferedImage.TYPE_BYTE_BINARY);
    Map<String, byte[]> bombs =
        Map.of(
            "png", PictureEncoder.png(huge),
            "gif", withSize(PictureEncoder.encode(small(), "gif"), 6, 20_000, true),
            "webp", webp(16_384),
            "jpeg", wideJpeg(),
            "chunk", withLength(PictureEncoder.png(small())));
    for (var bomb : bombs.entrySet()) {
      long before = allocated();
      assertThatThrownBy(() -> PictureDecoder.inspect(bomb.getValue(), limits))
          .as(bomb.getKey())
          .isInstanceOf(BrokenPictureException.class)
          .hasMessageMatching(
              "claims (400,000,000|268,435,456|4,294,836,225) pixels.*|.*claims 2,147,483,632 bytes.*");
      assertThat(allocated() - before).as(bomb.getKey()).isLessThan(64L << 20);
    }
  }

  @Test
  void largePicturesThatWillBeShrunkAreDecodedSmaller() throws Exception {
    byte[] file = PictureEncoder.jpeg(Pictures.noise(5000, 6000, 3, 1), 0.5);
    Picture whole =
        PictureDecoder.inspect(file, new PictureDecoder.Limits(70_000_000, 0)).picture();
    Picture less =
        PictureDecoder.inspect(file, new PictureDecoder.Limits(70_000_000, 256)).picture();
    assertThat(List.of(whole.height(), whole.width())).containsExactly(5000, 6000);
    assertThat(List.of(less.height(), less.width())).containsExactly(2500, 3000);
  }

  /** Of 10,000 frames the first one is the picture, and the only one that is decoded. */
  @Test
  void ofManyFramesOneIsDecoded() throws Exception {
    byte[] frame = PictureEncoder.encode(small(), "gif");
    int end = frame.length - 1;
    int begin = 13 + 3 * (2 << (frame[10] & 7));
    byte[] file = Arrays.copyOf(frame, begin + 10_000 * (end - begin) + 1);
    for (int i = 0; i < 10_000; i++) {
      System.arraycopy(frame, begin, file, begin + i * (end - begin), end - begin);
    }
    file[file.length - 1] = frame[end];
    PictureDecoder.Limits limits = new PictureDecoder.Limits(70_000_000, 0);
    Picture first = PictureDecoder.inspect(file, limits).picture();
    long before = allocated();
    assertThat(PictureDecoder.inspect(file, limits).picture().samples()).isEqualTo(first.samples());
    assertThat(allocated() - before).isLessThan(64L << 20);
    assertThat(List.of(first.height(), first.width())).containsExactly(20, 20);
  }

  /** A lossless WebP that claims a side, and has nothing. */
  private static byte[] webp(int side) {
    int nothing = 100;
    ByteBuffer file = ByteBuffer.allocate(25 + nothing).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(17 + nothing);
    file.put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII)).putInt(5 + nothing).put((byte) 0x2F);
    file.putInt((side - 1) | (side - 1) << 14);
    return file.array();
  }

  /** A JPEG whose frame claims all that its format has numbers for. */
  private static byte[] wideJpeg() {
    byte[] file = PictureEncoder.jpeg(Pictures.noise(20, 20, 3, 1), 0.9);
    for (int i = 0; i < file.length - 9; i++) {
      if (file[i] == (byte) 0xFF && file[i + 1] == (byte) 0xC0) {
        Arrays.fill(file, i + 5, i + 9, (byte) 0xFF);
        return file;
      }
    }
    throw new IllegalStateException("There is no baseline frame");
  }

  private static BufferedImage small() {
    return new BufferedImage(20, 20, BufferedImage.TYPE_BYTE_GRAY);
  }

  /** A GIF that claims another size for its picture, whose block begins with a comma. */
  private static byte[] withSize(byte[] gif, int at, int side, boolean picture) {
    byte[] changed = gif.clone();
    int place = at;
    for (int i = 13; picture && i < gif.length - 9; i++) {
      boolean descriptor = gif[i] == 0x2C && gif[i + 5] == 20 && gif[i + 7] == 20;
      place = descriptor ? i + 5 : place;
    }
    for (int offset : new int[] {place, place + 2}) {
      changed[offset] = (byte) side;
      changed[offset + 1] = (byte) (side >> 8);
    }
    return changed;
  }

  /** A PNG with a colour profile that claims two gigabytes. */
  private static byte[] withLength(byte[] png) {
    byte[] changed = new byte[png.length + 20];
    System.arraycopy(png, 0, changed, 0, 33);
    ByteBuffer.wrap(changed).putInt(33, Integer.MAX_VALUE - 15).putInt(37, 0x69434350);
    System.arraycopy(png, 33, changed, 53, png.length - 33);
    return changed;
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void aJpegCutAnywhereIsRejected() throws Exception {
    Picture noise = Pictures.noise(64, 48, 3, 1);
    byte[] file = PictureEncoder.jpeg(noise, 0.9);
    assertThat(PictureDecoder.inspect(file, PictureDecoder.Limits.CHECKED).plain()).isTrue();
    for (int length = 1; length < file.length; length += 37) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> PictureDecoder.decode(cut))
          .isInstanceOf(BrokenPictureException.class);
    }
  }

  @Test
  void pngKeepsEverySample() throws Exception {
    for (int channels : new int[] {1, 3}) {
      Picture noise = Pictures.noise(9, 7, channels, 2);
      assertThat(PictureDecoder.decode(PictureEncoder.png(noise)).samples())
          .isEqualTo(noise.samples());
    }
  }

  private static double meanDifference(Picture one, Picture other) {
    assertThat(List.of(other.height(), other.width(), other.channels()))
        .isEqualTo(List.of(one.height(), one.width(), one.channels()));
    double sum = 0;
    for (int i = 0; i < one.samples().length; i++) {
      sum += Math.abs((one.samples()[i] & 0xFF) - (other.samples()[i] & 0xFF));
    }
    return sum / one.samples().length;
  }
}
