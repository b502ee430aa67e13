package convoy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.TestData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
      var decoded = PictureDecoder.inspect(file);
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

  @Test
  void aJpegCutAnywhereIsRejected() throws Exception {
    Picture noise = Pictures.noise(64, 48, 3, 1);
    byte[] file = PictureEncoder.jpeg(noise, 0.9);
    assertThat(PictureDecoder.inspect(file).plain()).isTrue();
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
