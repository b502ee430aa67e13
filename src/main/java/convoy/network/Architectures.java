package convoy.network;

import convoy.core.UserException;
import convoy.network.architecture.AlexNet;
import convoy.network.architecture.GraphSketch;
import convoy.network.architecture.LeNet;
import convoy.network.architecture.ResNet;
import java.util.List;
import org.deeplearning4j.exception.DL4JException;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** The networks by name. */
public final class Architectures {
  private static final List<String> NAMES = List.of("lenet", "alexnet", "resnet18");

  private Architectures() {}

  public static List<String> names() {
    return NAMES;
  }

  /** The network's graph with its first weights. */
  static ComputationGraph graph(NetworkSpec spec) {
    try {
      ComputationGraph graph = new ComputationGraph(configuration(spec));
      graph.init();
      graph.initGradientsView();
      return graph;
    } catch (DL4JException e) {
      throw tooSmall(spec, e);
    }
  }

  static ComputationGraphConfiguration configuration(NetworkSpec spec) {
    GraphSketch sketch = new GraphSketch(spec.input(), spec.classes(), spec.seed());
    try {
      return switch (spec.architecture()) {
        case "lenet" -> LeNet.build(sketch, spec.dropout());
        case "alexnet" -> AlexNet.build(sketch, spec.dropout());
        case "resnet18" -> ResNet.resnet18(sketch, spec.stem() == NetworkSpec.Stem.LARGE);
        default ->
            throw new IllegalStateException(
                "A checked name has no network: " + spec.architecture());
      };
    } catch (DL4JException e) {
      throw tooSmall(spec, e);
    }
  }

  /** DL4J tells of a map that vanished when it meets the layer behind it. */
  private static UserException tooSmall(NetworkSpec spec, DL4JException e) {
    String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return new UserException(
        "Cannot build %s for input %s: %s. Use a larger input."
            .formatted(spec.architecture(), spec.input(), reason),
        e);
  }
}
