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
  void stepFallsEverySoManyEpochs() {
    var step = new LearningRateSchedule.Step(1, 0.1, 3, 0);
    assertThat(at(step, 2.99)).isEqualTo(1);
    assertThat(at(step, 3)).isCloseTo(0.1, within(1e-12));
    assertThat(at(step, 9.5)).isCloseTo(0.001, within(1e-12));
  }

  @Test
  void multiStepFallsAtItsEpochs() {
    var step = new LearningRateSchedule.MultiStep(1, 0.1, List.of(3, 6), 0);
    assertThat(at(step, 2.99)).isEqualTo(1);
    assertThat(at(step, 3)).isCloseTo(0.1, within(1e-12));
    assertThat(at(step, 9)).isCloseTo(0.01, within(1e-12));
  }

  @Test
  void plateauFallsWhenNothingImprovesForItsPatience() {
    var plateau = new LearningRateSchedule.Plateau(1, 0.1, 2, 0.05, 0);
    assertThat(at(plateau, 3, 0.5, 0.4, 0.4)).isEqualTo(1);
    assertThat(at(plateau, 4, 0.5, 0.4, 0.4, 0.45)).isCloseTo(0.1, within(1e-12));
    assertThat(at(plateau, 6, 0.5, 0.4, 0.4, 0.45, 0.41, 0.42)).isEqualTo(0.05);
    assertThat(at(plateau, 5, 0.5, 0.4, 0.4, 0.39, 0.4)).isEqualTo(1);
  }

  @Test
  void polynomialFallsToZero() {
    var line = new LearningRateSchedule.Polynomial(1, 1, 2);
    assertThat(at(line, 6)).isCloseTo(0.5, within(1e-12));
    var square = new LearningRateSchedule.Polynomial(1, 2, 0);
    assertThat(at(square, 5)).isCloseTo(0.25, within(1e-12));
    assertThat(at(square, 10)).isZero();
  }

  @Test
  void everyScheduleRisesFromATenthWhileItWarmsUp() {
    for (LearningRateSchedule schedule :
        List.of(
            new LearningRateSchedule.Constant(2, 4),
            new LearningRateSchedule.Step(2, 0.1, 5, 4),
            new LearningRateSchedule.MultiStep(2, 0.1, List.of(5), 4),
            new LearningRateSchedule.Polynomial(2, 1, 4),
            new LearningRateSchedule.Plateau(2, 0.1, 3, 0, 4),
            new LearningRateSchedule.Cosine(2, 4))) {
      assertThat(at(schedule, 0)).isCloseTo(0.2, within(1e-12));
      assertThat(at(schedule, 2)).isCloseTo(1.1, within(1e-12));
      assertThat(at(schedule, 4)).isCloseTo(2, within(1e-12));
    }
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
