package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.network.Architectures;
import convoy.network.architecture.Blueprint.Node;
import convoy.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The networks of {@code conf/train/variants}. */
class VariantsTest {
  private static final Path FOLDER = Path.of("conf/train/variants");

  static List<String> variants() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("mnist.yaml"))
          .sorted()
          .toList();
    }
  }

  private static Documents document(Path file) {
    return Documents.parse(file.toString(), Location.of(file.toString()).readText());
  }

  /** Apart from the first convolution, the 1x1 and the output, which all have. */
  @ParameterizedTest
  @MethodSource("variants")
  void whatDiffersHasTheSameBudget(String variant) {
    TrainingConfig config =
        document(Path.of("conf/train.yaml"))
            .overlaidBy(document(FOLDER.resolve("mnist.yaml")))
            .overlaidBy(document(FOLDER.resolve(variant)))
            .with(List.of("dataset=mnist"))
            .bind(variant, TrainingConfig.class);
    List<Node> kernels =
        Architectures.blueprint(config.network().spec(10, 1)).nodes().stream()
            .filter(node -> node.multiplications() > 0)
            .toList();
    assertThat(
            kernels.subList(1, kernels.size() - 2).stream().mapToLong(Node::multiplications).sum())
        .isEqualTo(225_792);
  }
}
