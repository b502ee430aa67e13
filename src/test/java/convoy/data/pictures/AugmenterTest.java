package convoy.data.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.data.pictures.Augmentation.ColorJitter;
import convoy.data.pictures.Augmentation.Crop;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AugmenterTest {
  private static final List<Double> ZERO = List.of(0.0, 0.0, 0.0);
  private static final List<Double> ONE = List.of(1.0, 1.0, 1.0);
  private static final List<Double> GRAY_ZERO = List.of(0.0);
  private static final List<Double> GRAY_ONE = List.of(1.0);

  private static float[] made(Augmenter augmenter, Picture picture, long seed) {
    float[] values = new float[augmenter.transform().size()];
    augmenter.apply(picture, new SplittableRandom(seed), values, 0);
    return values;
  }

  private static Augmenter plain(ImageTransform transform, Augmentation augmentation) {
    return new Augmenter(transform, augmentation, List.of());
  }

  private static Picture filled(int height, int width, int channels, int... pixel) {
    byte[] samples = new byte[height * width * channels];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) pixel[i % pixel.length];
    }
    return new Picture(height, width, channels, samples);
  }

  @Test
  void halfOfAllAreMirrored() {
    Picture noise = Pictures.noise(6, 6, 3, 3);
    ImageTransform transform = new ImageTransform(6, 6, 1, ZERO, ONE);
    Augmenter mirror = plain(transform, new Augmentation(Crop.CENTER, 1, 0, true));
    float[] plain = new float[108];
    transform.apply(noise, plain, 0);
    int mirrored = 0;
    for (int seed = 0; seed < 20; seed++) {
      float[] values = made(mirror, noise, seed);
      if (values[0] != plain[0]) {
        mirrored++;
        for (int i = 0; i < 108; i++) {
          assertThat(values[i]).isEqualTo(plain[i / 6 * 6 + 5 - i % 6]);
        }
      } else {
        assertThat(values).isEqualTo(plain);
      }
    }
    assertThat(mirrored).isBetween(3, 17);
  }

  @Test
  void cropsStayWhereTheyMayAndPaddingIsBlack() {
    Picture white = filled(20, 30, 1, 255);
    ImageTransform transform = new ImageTransform(10, 10, 0.5, GRAY_ZERO, GRAY_ONE);
    Augmenter resized = plain(transform, new Augmentation(Crop.RANDOM_RESIZED, 0.1, 0, true));
    Augmenter padded = plain(transform, new Augmentation(Crop.RANDOM, 1, 4, false));
    boolean black = false;
    for (int seed = 0; seed < 200; seed++) {
      for (float value : made(resized, white, seed)) {
        assertThat(value).isBetween(200f, 255.5f);
      }
      for (float value : made(padded, white, seed)) {
        black |= value == 0;
      }
    }
    assertThat(black).isTrue();
  }

  /** Szegedy et al., 2015: 8 to 100 % of the area, 3/4 to 4/3; here from a quarter on. */
  @Test
  void resizedCropsHaveAllAreasAndAspectsThatTheyMayHave() {
    int side = 240;
    byte[] samples = new byte[side * side * 3];
    for (int i = 0; i < side * side; i++) {
      samples[3 * i] = (byte) (i % side);
      samples[3 * i + 1] = (byte) (i / side);
    }
    Picture places = new Picture(side, side, 3, samples);
    int size = 60;
    Augmenter resized =
        plain(
            new ImageTransform(size, size, 1, ZERO, ONE),
            new Augmentation(Crop.RANDOM_RESIZED, 0.25, 0, false));
    DoubleSummaryStatistics areas = new DoubleSummaryStatistics();
    DoubleSummaryStatistics aspects = new DoubleSummaryStatistics();
    for (int seed = 0; seed < 1000; seed++) {
      float[] values = made(resized, places, seed);
      // Away from the borders, where pixels are means of fewer.
      double width = (values[size / 2 * size + 50] - values[size / 2 * size + 10]) / 40.0 * size;
      int rows = size * size + size / 2;
      double height = (values[rows + 50 * size] - values[rows + 10 * size]) / 40.0 * size;
      areas.accept(width * height / (side * side));
      aspects.accept(width / height);
    }
    assertThat(areas.getMin()).isBetween(0.24, 0.27);
    assertThat(areas.getMax()).isBetween(0.93, 1.01);
    assertThat(areas.getAverage()).isBetween(0.53, 0.66);
    assertThat(aspects.getMin()).isBetween(0.74, 0.77);
    assertThat(aspects.getMax()).isBetween(1.3, 1.35);
  }

  /** The pixel at the left of the crop tells where it was. */
  @Test
  void everyPlaceOfACropIsAsProbableAsTheOthers() {
    Picture columns = filled(8, 12, 1, IntStream.range(0, 12).toArray());
    ImageTransform transform = new ImageTransform(8, 8, 1, GRAY_ZERO, GRAY_ONE);
    Augmenter crop = plain(transform, new Augmentation(Crop.RANDOM, 1, 0, false));
    int[] places = new int[5];
    for (int seed = 0; seed < 5000; seed++) {
      places[Math.round(made(crop, columns, seed)[0])]++;
    }
    assertThat(Arrays.stream(places)).allMatch(count -> count > 900 && count < 1100);
  }

  /** Of four pixels, each makes sixteen: whole ones would leave no place but the middle. */
  @Test
  void aPictureThatIsEnlargedMovesByPartsOfItsPixels() {
    Picture columns = filled(4, 4, 1, 0, 50, 100, 150);
    ImageTransform transform = new ImageTransform(16, 16, 1, GRAY_ZERO, GRAY_ONE);
    Augmenter padded = plain(transform, new Augmentation(Crop.RANDOM, 1, 2, false));
    long places =
        IntStream.range(0, 100)
            .mapToObj(seed -> made(padded, columns, seed)[8 * 16 + 8])
            .distinct()
            .count();
    assertThat(places).isGreaterThan(50);
  }

  @Test
  void aQuarterTurnMovesEveryPixelAndNoTurnNone() {
    float[] values = {9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    Rotation.turn(values, 1, 2, 3, 3, 90);
    float[] turned = {9, 3, 6, 9, 2, 5, 8, 1, 4, 7, 12, 15, 18, 11, 14, 17, 10, 13, 16};
    assertThat(values).usingComparatorWithPrecision(1e-4f).containsExactly(turned);
    Rotation.turn(values, 1, 2, 3, 3, 0);
    assertThat(values).usingComparatorWithPrecision(1e-4f).containsExactly(turned);
  }

  @Test
  void inputsAreTurnedToBothSidesByNoMoreThanTheAngle() {
    // A white bar from the middle to the top: where it ends tells the angle.
    byte[] samples = new byte[41 * 41];
    for (int row = 0; row < 20; row++) {
      Arrays.fill(samples, row * 41 + 19, row * 41 + 22, (byte) 255);
    }
    ImageTransform transform = new ImageTransform(41, 41, 1, GRAY_ZERO, GRAY_ONE);
    Augmenter turning =
        plain(
            transform,
            new Augmentation(Crop.CENTER, 1, 0, 30, false, ColorJitter.NONE, 0, 0, 0, 0));
    double least = 0;
    double most = 0;
    for (int seed = 0; seed < 200; seed++) {
      float[] values = made(turning, new Picture(41, 41, 1, samples), seed);
      double right = 0;
      double up = 0;
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).isBetween(-0.01f, 255.01f);
        right += values[i] * (i % 41 - 20);
        up += values[i] * (20 - i / 41);
      }
      double angle = Math.toDegrees(Math.atan2(right, up));
      least = Math.min(least, angle);
      most = Math.max(most, angle);
    }
    assertThat(least).isBetween(-31.0, -27.0);
    assertThat(most).isBetween(27.0, 31.0);
  }

  private static Augmentation jitter(double brightness, double contrast, double saturation) {
    return new Augmentation(
        Crop.CENTER, 1, 0, 0, false, new ColorJitter(brightness, contrast, saturation), 0, 0, 0, 0);
  }

  @Test
  void brightnessScalesContrastKeepsTheMeanAndSaturationTheGray() {
    ImageTransform transform = new ImageTransform(4, 4, 1, ZERO, ONE);
    Picture picture = filled(4, 4, 3, 120, 100, 90, 80, 110, 100);
    float[] before = new float[48];
    transform.apply(picture, before, 0);
    float[] brighter = made(plain(transform, jitter(0.2, 0, 0)), picture, 1);
    float factor = brighter[0] / before[0];
    assertThat(factor).isBetween(0.8f, 1.2f).isNotEqualTo(1);
    for (int i = 0; i < 48; i++) {
      assertThat(brighter[i]).isCloseTo(factor * before[i], within(1e-3f));
    }
    float[] contrasted = made(plain(transform, jitter(0, 0.5, 0)), picture, 1);
    assertThat(contrasted).isNotEqualTo(before);
    assertThat(meanGray(contrasted)).isCloseTo(meanGray(before), within(1e-3));
    float[] saturated = made(plain(transform, jitter(0, 0, 0.5)), picture, 1);
    assertThat(saturated).isNotEqualTo(before);
    for (int i = 0; i < 16; i++) {
      assertThat(gray(saturated, i)).isCloseTo(gray(before, i), within(1e-3));
    }
  }

  private static double gray(float[] values, int i) {
    return 0.299 * values[i] + 0.587 * values[16 + i] + 0.114 * values[32 + i];
  }

  private static double meanGray(float[] values) {
    return IntStream.range(0, 16).mapToDouble(i -> gray(values, i)).average().orElseThrow();
  }

  @Test
  void jitterStaysInTheRangeOfGrayLevels() {
    ImageTransform transform = new ImageTransform(6, 6, 1, ZERO, ONE);
    Augmenter strong = plain(transform, jitter(1, 1, 1));
    for (int seed = 0; seed < 50; seed++) {
      for (float value : made(strong, Pictures.noise(6, 6, 3, seed), seed)) {
        assertThat(value).isBetween(0f, 255f);
      }
    }
  }

  /** Two channels that always change together have one component, along (1, 1). */
  @Test
  void lightingShiftsAlongThePrincipalComponents() {
    List<List<Double>> covariance =
        List.of(
            List.of(650.25, 650.25, 0.0), List.of(650.25, 650.25, 0.0), List.of(0.0, 0.0, 65.025));
    List<List<Double>> shifts = Colors.lighting(covariance);
    // Of pixels from 0 to 1 the eigenvalues are 0.02, 0.001 and 0.
    assertThat(length(shifts.get(0))).isCloseTo(0.02 * 255, within(1e-9));
    assertThat(Math.abs(shifts.get(0).get(0))).isCloseTo(0.02 * 255 * Math.sqrt(0.5), within(1e-9));
    assertThat(shifts.get(0).get(0)).isCloseTo(shifts.get(0).get(1), within(1e-9));
    assertThat(shifts.get(1).get(2)).isCloseTo(0.255, within(1e-9));
    assertThat(length(shifts.get(2))).isCloseTo(0, within(1e-9));

    ImageTransform transform = new ImageTransform(2, 2, 1, ZERO, ONE);
    Augmentation lit =
        new Augmentation(Crop.CENTER, 1, 0, 0, false, ColorJitter.NONE, 0.1, 0, 0, 0);
    double squares = 0;
    for (int seed = 0; seed < 2000; seed++) {
      float[] values = made(new Augmenter(transform, lit, shifts), filled(2, 2, 3, 100), seed);
      assertThat(values[0]).isEqualTo(values[3]);
      assertThat(values[0] - 100).isCloseTo(values[4] - 100, within(1e-3f));
      squares += Math.pow(values[0] - 100, 2) / 2000;
    }
    assertThat(Math.sqrt(squares)).isCloseTo(0.1 * 0.02 * 255 * Math.sqrt(0.5), within(0.02));
  }

  private static double length(List<Double> shift) {
    return Math.sqrt(shift.stream().mapToDouble(part -> part * part).sum());
  }

  @Test
  void aRectangleIsErasedToTheMeanWithItsProbability() {
    List<Double> mean = List.of(50.0);
    ImageTransform transform = new ImageTransform(20, 20, 1, mean, GRAY_ONE);
    Augmentation half =
        new Augmentation(Crop.CENTER, 1, 0, 0, false, ColorJitter.NONE, 0, 0.5, 0, 0);
    int erased = 0;
    for (int seed = 0; seed < 400; seed++) {
      float[] values = made(plain(transform, half), filled(20, 20, 1, 200), seed);
      int zeros = (int) IntStream.range(0, 400).filter(i -> values[i] == 0).count();
      if (zeros > 0) {
        erased++;
        // 2 to 33 % of 400, sides rounded.
        assertThat(zeros).isBetween(4, 145);
      }
    }
    assertThat(erased).isBetween(160, 240);
  }
}
