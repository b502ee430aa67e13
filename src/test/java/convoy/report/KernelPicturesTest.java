package convoy.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KernelPicturesTest {

  /** The lecture's numbers. */
  @Test
  void theDrawnDetectorFindsTheCurveAndNothingElse() {
    assertThat(KernelPictures.curveIn(KernelPictures.CURVE)).isEqualTo(6600);
    assertThat(KernelPictures.curveIn(KernelPictures.NO_CURVE)).isZero();
  }
}
