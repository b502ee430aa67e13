package convoy.network;

import convoy.core.UserException;
import convoy.network.architecture.AlexNet;
import convoy.network.architecture.GraphSketch;
import convoy.network.architecture.LeNet;
import convoy.network.architecture.ResNet;
import java.util.List;
import org.deeplearning4j.exception.DL4JException;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
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
    ComputationGraph graph = new ComputationGraph(configuration(spec));
    graph.init();
    graph.initGradientsView();
    return graph;
  }

  /**
   * The network's layers.
   *
   * @throws UserException if nothing is left of the input at some layer, which is named
   */
  static ComputationGraphConfiguration configuration(NetworkSpec spec) {
    try {
      ComputationGraphConfiguration configuration = draw(spec);
      requireMaps(spec, configuration);
      return configuration;
    } catch (DL4JException e) {
      throw tooSmall(spec, String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
    }
  }

  private static ComputationGraphConfiguration draw(NetworkSpec spec) {
    GraphSketch sketch = new GraphSketch(spec.input(), spec.classes(), spec.seed());
    return switch (spec.architecture()) {
      case "lenet" -> LeNet.build(sketch, spec.dropout());
      case "alexnet" -> AlexNet.build(sketch, spec.dropout());
      case "resnet18" -> ResNet.resnet18(sketch, spec.stem() == NetworkSpec.Stem.LARGE);
      default -> throw new IllegalStateException("A checked name has no network: " + spec);
    };
  }

  private static void requireMaps(NetworkSpec spec, ComputationGraphConfiguration configuration) {
    InputType input = InputType.convolutional(spec.height(), spec.width(), spec.channels());
    configuration
        .getLayerActivationTypes(true, input)
        .forEach(
            (layer, type) -> {
              boolean gone =
                  type instanceof InputType.InputTypeConvolutional map
                      && (map.getHeight() < 1 || map.getWidth() < 1);
              if (gone) {
                throw tooSmall(spec, "nothing is left of the map at layer " + layer, null);
              }
            });
  }

  private static UserException tooSmall(NetworkSpec spec, String reason, Exception cause) {
    return new UserException(
        "Cannot build %s for input %s: %s. Use a larger input."
            .formatted(spec.architecture(), spec.input(), reason),
        cause);
  }
}
