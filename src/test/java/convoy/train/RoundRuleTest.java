package convoy.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RoundRuleTest {

  /** Ten rounds of four steps, the last of three, of 0.1 s each with reading. */
  private static TrainingHistory.Epoch epoch(double averagingSeconds) {
    return new TrainingHistory.Epoch(
        1,
        0.1,
        1,
        1,
        0.5,
        Optional.empty(),
        10,
        4,
        39,
        1280,
        9,
        2.9,
        1,
        averagingSeconds,
        0,
        142,
        Optional.empty());
  }

  private static int minibatches(RoundRule rule, TrainingHistory.Epoch... before) {
    return rule.minibatches(8, new TrainingHistory(List.of(before)));
  }

  @Test
  void autoKeepsAveragingBelowItsPartOfTheTime() {
    var auto = new RoundRule.Auto(0.1);
    assertThat(minibatches(auto)).isEqualTo(8);
    // A round averages for 0.1 s: nine steps of 0.1 s make that a tenth.
    assertThat(minibatches(auto, epoch(1))).isEqualTo(9);
    assertThat(minibatches(auto, epoch(1.05))).isEqualTo(10);
    assertThat(minibatches(auto, epoch(0))).isEqualTo(1);
    // No more than an epoch has.
    assertThat(minibatches(auto, epoch(1000))).isEqualTo(39);
  }

  @Test
  void postLocalIsSynchronousFirst() {
    var postLocal = new RoundRule.PostLocal(1);
    assertThat(minibatches(postLocal)).isEqualTo(1);
    assertThat(minibatches(postLocal, epoch(1))).isEqualTo(8);
  }
}
