package convoy.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.LayerRates;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingConfigTest {

  private static TrainingConfig averagedByDl4jSpark(String... settings) {
    List<String> all = new ArrayList<>(List.of("dataset=somewhere"));
    all.addAll(List.of(settings));
    return TrainingConfig.of(
        List.of(
            Location.of("conf/train/lenet-mnist.yaml"),
            Location.of("conf/train/averaging/dl4j-spark.yaml")),
        all);
  }

  @Test
  void dl4jSparksRoundsTakeWhatItsOverlaySays() {
    assertThat(averagedByDl4jSpark().training().averaging())
        .isEqualTo(TrainingOptions.Averaging.DL4J_SPARK);
    TrainingOptions atRest =
        averagedByDl4jSpark("training.nesterov=false", "training.momentum=0").training();
    assertThat(atRest.averaging()).isEqualTo(TrainingOptions.Averaging.DL4J_SPARK);
  }

  /** A run is resumed, and reported, by the keys that there were when it was begun. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "rotation",
        "optimizer",
        "second-momentum",
        "averaging",
        "tensorboard",
        "mlflow-experiment"
      })
  void aRunThatWasBegunBeforeAKeyMeansWhatItMeantThen(String key) {
    TrainingConfig config = of("dataset=somewhere", "network.architecture=lenet");
    String whole = Documents.toYaml(config);
    String before =
        whole
            .lines()
            .filter(line -> !line.strip().startsWith(key + ":"))
            .collect(Collectors.joining("\n"));
    assertThat(before.lines().count()).isEqualTo(whole.lines().count() - 1);
    assertThat(Documents.parse("a run's", before).bind("a run's", TrainingConfig.class))
        .isEqualTo(config);
  }

  @Test
  void whatIsMissingIsToldTogetherWithWhatIsWrong() {
    assertThatThrownBy(() -> of("network.architecture=lenet", "crop-fraction=3"))
        .hasMessageContaining("Missing dataset")
        .hasMessageContaining("crop-fraction: 3.0");
    assertThatThrownBy(() -> of("dataset=somewhere", "network.dropout=7"))
        .hasMessageContaining("Missing network.architecture")
        .hasMessageContaining("dropout: 7.0")
        .hasMessageNotContaining("\"???\"");
  }

  private static TrainingConfig of(String... settings) {
    List<String> all = new ArrayList<>(List.of("network.input=[3, 32, 32]"));
    all.addAll(List.of(settings));
    return TrainingConfig.of(List.of(), all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "training.transport=all-reduce",
        "training.nesterov=false",
        "training.gradient-clip=1",
        "network.engine=torch"
      })
  void dl4jSparksRoundsRefuseWhatTheyHaveNot(String setting) {
    assertThatThrownBy(() -> averagedByDl4jSpark(setting))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("averaging")
        .hasMessageContaining("dl4j-spark");
  }

  /** All classes have the same part in the loss, and an example one of 1 in the mean. */
  @Test
  void balancedClassesCountAlike() {
    TrainingConfig config =
        of("dataset=x", "network.architecture=lenet", "training.class-weights=balanced");
    List<Integer> counts = List.of(10, 30, 0, 60);
    List<Double> weights = config.training().step(counts, LayerRates.ALL).loss().classWeights();
    assertThat(weights.get(0) * 10).isCloseTo(100.0 / 3, within(1e-9));
    assertThat(weights.get(1) * 30).isCloseTo(100.0 / 3, within(1e-9));
    assertThat(weights.get(2)).isZero();
    assertThat(weights.get(3) * 60).isCloseTo(100.0 / 3, within(1e-9));
    assertThat(
            of("dataset=x", "network.architecture=lenet")
                .training()
                .step(counts, LayerRates.ALL)
                .loss()
                .classWeights())
        .isEmpty();
  }
}
