package convoy.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundModelTest {
  private static RoundRow row(String transport, String network, int workers, long bytes, double s) {
    return new RoundRow(
        "convoy", transport, "local", network, "average", workers, 10, bytes, 2 * s, s, 0, 0);
  }

  @Test
  void itsLineGoesThroughTheRoundsOfTwoWorkers() {
    RoundModel model =
        RoundModel.fit(
                List.of(
                    row("all-reduce", "lenet", 2, 1_000_000, 0.006),
                    row("all-reduce", "dense", 2, 201_000_000, 0.206),
                    row("all-reduce", "lenet", 8, 1_000_000, 9),
                    row("spark", "dense", 2, 201_000_000, 9)))
            .orElseThrow();
    assertThat(model.fixedSeconds()).isCloseTo(0.005, within(1e-9));
    assertThat(model.secondsPerByte()).isCloseTo(1e-9, within(1e-15));
    // 90 MB at 0.9 of 8 Gbit/s, 1.75 times: 175 ms; 90 ms of its own; 14 hops of 50 us.
    assertThat(model.secondsPerRound(90_000_000, 8, 8))
        .isCloseTo(0.005 + 0.09 + 0.175 + 14 * 50e-6, within(1e-9));
  }

  @Test
  void oneNetworkIsNotALine() {
    assertThat(
            RoundModel.fit(
                List.of(
                    row("all-reduce", "lenet", 2, 1_000_000, 0.006),
                    row("all-reduce", "lenet", 2, 2_000_000, 0.007))))
        .isEmpty();
  }

  @Test
  void moreWorkersAndSlowerWiresTakeLonger() {
    List<RoundModel.Prediction> predictions = new RoundModel(0.005, 1e-9).predictions();
    assertThat(predictions).hasSize(3 * 2 * 8);
    RoundModel.Prediction few = predictions.get(0);
    RoundModel.Prediction many = predictions.get(7);
    assertThat(many.workers()).isEqualTo(1024);
    assertThat(many.secondsPerRound()).isGreaterThan(few.secondsPerRound());
    assertThat(predictions.get(8).secondsPerRound()).isLessThan(few.secondsPerRound());
    assertThat(few.secondsForNineteenTwentieths()).isEqualTo(19 * few.secondsPerRound());
  }
}
