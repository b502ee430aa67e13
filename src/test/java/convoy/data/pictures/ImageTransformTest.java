package convoy.data.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ImageTransformTest {
  private static final List<Double> ZERO = List.of(0.0, 0.0, 0.0);
  private static final List<Double> ONE = List.of(1.0, 1.0, 1.0);

  @Test
  void aPictureOfTheInputsSizeIsCopiedPlaneByPlane() {
    Picture noise = Pictures.noise(5, 4, 3, 1);
    float[] values = new float[60];
    new ImageTransform(5, 4, 1, ZERO, ONE).apply(noise, values, 0);
    for (int c = 0; c < 3; c++) {
      for (int row = 0; row < 5; row++) {
        for (int column = 0; column < 4; column++) {
          assertThat(values[(c * 5 + row) * 4 + column])
              .isCloseTo(noise.sample(row, column, c), within(1e-3f));
        }
      }
    }
  }

  @Test
  void shrinkingByAWholeNumberKeepsTheMean() {
    Picture noise = Pictures.noise(64, 64, 3, 2);
    float[] values = new float[3 * 16 * 16];
    new ImageTransform(16, 16, 1, ZERO, ONE).apply(noise, values, 0);
    double before = 0;
    for (byte sample : noise.samples()) {
      before += (sample & 0xFF) / (64.0 * 64 * 3);
    }
    double after = 0;
    for (float value : values) {
      after += value / values.length;
    }
    assertThat(after).isCloseTo(before, within(3.0));
  }

  @Test
  void meanAndDeviationAreTakenOut() {
    float[] values = new float[3];
    new ImageTransform(1, 1, 1, List.of(10.0, 20.0, 30.0), List.of(2.0, 4.0, 5.0))
        .apply(new Picture(1, 1, 3, new byte[] {12, 24, 40}), values, 0);
    assertThat(values).containsExactly(1, 1, 2);
  }

  @Test
  void mirroringTwiceIsNothing() {
    Picture noise = Pictures.noise(6, 6, 3, 3);
    ImageTransform transform = new ImageTransform(6, 6, 1, ZERO, ONE);
    var mirror = new ImageTransform.Augmentation(ImageTransform.Crop.CENTER, 1, 0, true);
    float[] plain = new float[108];
    transform.apply(noise, plain, 0);
    int mirrored = 0;
    for (int seed = 0; seed < 20; seed++) {
      float[] values = new float[108];
      transform.augment(noise, mirror, new SplittableRandom(seed), values, 0);
      assertThat(values[0]).isIn(plain[0], plain[5]);
      mirrored += values[0] == plain[5] ? 1 : 0;
    }
    assertThat(mirrored).isBetween(3, 17);
  }

  @Test
  void cropsStayWhereTheyMayAndPaddingIsBlack() {
    Picture white = new Picture(20, 30, 1, filled(600));
    ImageTransform transform = new ImageTransform(10, 10, 0.5, List.of(0.0), List.of(1.0));
    for (int seed = 0; seed < 200; seed++) {
      float[] values = new float[100];
      transform.augment(
          white,
          new ImageTransform.Augmentation(ImageTransform.Crop.RANDOM_RESIZED, 0.1, 0, true),
          new SplittableRandom(seed),
          values,
          0);
      for (float value : values) {
        assertThat(value).isBetween(200f, 255.5f);
      }
    }
    float[] padded = new float[100];
    boolean black = false;
    for (int seed = 0; seed < 200; seed++) {
      transform.augment(
          white,
          new ImageTransform.Augmentation(ImageTransform.Crop.RANDOM, 1, 4, false),
          new SplittableRandom(seed),
          padded,
          0);
      for (float value : padded) {
        black |= value == 0;
      }
    }
    assertThat(black).isTrue();
  }

  private static byte[] filled(int length) {
    byte[] samples = new byte[length];
    java.util.Arrays.fill(samples, (byte) 255);
    return samples;
  }
}
