package convoy.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {

  private static double at(LearningRateSchedule schedule, double epoch, Double... errors) {
    return schedule.learningRate(new LearningRateSchedule.Moment(epoch, 10, List.of(errors)));
  }

  @Test
  void stepFallsAtItsEpochs() {
    var step = new LearningRateSchedule.Step(1, 0.1, List.of(3, 6));
    assertThat(at(step, 2.99)).isEqualTo(1);
    assertThat(at(step, 3)).isCloseTo(0.1, within(1e-12));
    assertThat(at(step, 9)).isCloseTo(0.01, within(1e-12));
  }

  @Test
  void plateauFallsWhenNothingImprovesForItsPatience() {
    var plateau = new LearningRateSchedule.Plateau(1, 0.1, 2, 0.05);
    assertThat(at(plateau, 3, 0.5, 0.4, 0.4)).isEqualTo(1);
    assertThat(at(plateau, 4, 0.5, 0.4, 0.4, 0.45)).isCloseTo(0.1, within(1e-12));
    assertThat(at(plateau, 6, 0.5, 0.4, 0.4, 0.45, 0.41, 0.42)).isEqualTo(0.05);
    assertThat(at(plateau, 5, 0.5, 0.4, 0.4, 0.39, 0.4)).isEqualTo(1);
  }

  @Test
  void cosineRisesThenFallsToZero() {
    var cosine = new LearningRateSchedule.Cosine(1, 2);
    assertThat(at(cosine, 0)).isCloseTo(0.1, within(1e-12));
    assertThat(at(cosine, 2)).isEqualTo(1);
    assertThat(at(cosine, 6)).isCloseTo(0.5, within(1e-12));
    assertThat(at(cosine, 10)).isCloseTo(0, within(1e-12));
  }
}
