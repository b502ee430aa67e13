package convoy.data.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
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

  /** Nearly the same box goes the long way, through the filters. */
  @Test
  void wholePixelsAreCopiedAsTheFiltersWould() {
    Picture noise = Pictures.noise(9, 7, 3, 4);
    for (int top = -3; top <= 6; top++) {
      for (int left = -3; left <= 5; left++) {
        float[] copied = new float[3 * 5 * 4];
        float[] filtered = new float[3 * 5 * 4];
        Resampler.resample(noise, new Resampler.Box(top, left, 5, 4), 5, 4, copied, 0);
        Resampler.Box near = new Resampler.Box(top + 1e-7, left + 1e-7, 5, 4);
        Resampler.resample(noise, near, 5, 4, filtered, 0);
        for (int i = 0; i < copied.length; i++) {
          assertThat(copied[i]).isCloseTo(filtered[i], within(1e-3f));
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
  void scalesEnlargeAndNeverLeaveThePicture() {
    ImageTransform transform = new ImageTransform(4, 4, 0.8, ZERO, ONE);
    Picture wide = Pictures.noise(10, 20, 3, 3);
    List<ImageTransform.View> views =
        new ImageTransform.Viewing(ImageTransform.Views.TEN_CROPS, List.of(0.5, 1.0, 2.0)).all();
    assertThat(views).hasSize(30).doesNotHaveDuplicates();
    assertThat(views.stream().map(view -> transform.box(wide, view)).distinct())
        .contains(
            new Resampler.Box(3, 8, 4, 4),
            new Resampler.Box(6, 0, 4, 4),
            new Resampler.Box(2, 12, 8, 8),
            new Resampler.Box(0, 5, 10, 10))
        .allMatch(
            box ->
                box.top() >= 0
                    && box.left() >= 0
                    && box.top() + box.height() <= 10
                    && box.left() + box.width() <= 20);
    assertThat(new ImageTransform.Viewing(ImageTransform.Views.MIRRORED, List.of(1.0)).all())
        .containsExactly(ImageTransform.View.CENTER, new ImageTransform.View(0.5, 0.5, true, 1));
  }

  @Test
  void meanAndDeviationAreTakenOut() {
    float[] values = new float[3];
    new ImageTransform(1, 1, 1, List.of(10.0, 20.0, 30.0), List.of(2.0, 4.0, 5.0))
        .apply(new Picture(1, 1, 3, new byte[] {12, 24, 40}), values, 0);
    assertThat(values).containsExactly(1, 1, 2);
  }
}
