package convoy.train;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Location;
import convoy.network.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The overlays in {@code conf/train}. */
class RecipesTest {
  private static final Path FOLDER = Path.of("conf/train/imagenet");

  static List<String> imagenet() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString().replace(".yaml", ""))
          .sorted()
          .toList();
    }
  }

  static List<Path> small() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.getParent())) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("small")
  void aRecipeForASmallSetIsWhole(Path file) throws IOException {
    String header =
        Files.readString(file).lines().takeWhile(l -> l.startsWith("#")).toList().toString();
    assertThat(header).contains("jobs/train.sh");
    TrainingConfig config =
        TrainingConfig.of(List.of(Location.of(file.toString())), List.of("dataset=somewhere"));
    assertThat(Architectures.blueprint(config.network().spec(10, 1)).parameters()).isPositive();
  }

  /** What a retraining is known by. */
  @Test
  void onlyWhatDecidesAboutTheModelCounts() {
    String usual = decisive();
    assertThat(usual)
        .doesNotContain("mlflow", "tensorboard", "optimizer", "second-momentum", "rotation");
    assertThat(decisive("mlflow=http://somewhere", "tensorboard=true")).isEqualTo(usual);
    assertThat(decisive("training.optimizer=adam-w")).isNotEqualTo(usual);
    assertThat(decisive("training.momentum=0.8")).isNotEqualTo(usual);
  }

  private static String decisive(String... settings) {
    List<String> all = new ArrayList<>(List.of("dataset=somewhere"));
    all.addAll(List.of(settings));
    return TrainingConfig.of(List.of(Location.of(FOLDER.resolve("resnet50.yaml").toString())), all)
        .decisive();
  }

  @Test
  void everyNetworkForImagenetHasOne() throws IOException {
    assertThat(imagenet())
        .containsExactlyInAnyOrderElementsOf(
            Architectures.names().stream()
                .filter(name -> !name.equals(Architectures.SEQUENTIAL))
                .filter(name -> Architectures.usualClasses(name) == 1000)
                .toList());
  }

  @ParameterizedTest
  @MethodSource("imagenet")
  void aRecipeIsForItsNetworkAndPaper(String name) {
    TrainingConfig config =
        TrainingConfig.of(
            List.of(Location.of(FOLDER.resolve(name + ".yaml").toString())),
            List.of("dataset=somewhere"));
    assertThat(config.network().architecture()).isEqualTo(name);
    assertThat(config.network().input()).isEqualTo(Architectures.usualInput(name));
    assertThat(config.training().workers() * config.training().minibatch()).isIn(128, 256);
    assertThat(config.training().minibatchesPerRound()).isEqualTo(1);
  }
}
