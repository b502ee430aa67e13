package convoy.train;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Location;
import convoy.network.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The overlays in {@code conf/train/imagenet}. */
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
