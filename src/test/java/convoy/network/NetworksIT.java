package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import convoy.convolution.Shape;
import convoy.data.Minibatch;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network in the engine. */
class NetworksIT {

  static List<String> architectures() {
    return NetworksTest.architectures();
  }

  private static NetworkSpec small(String architecture) {
    int channels = Architectures.usualInput(architecture).get(0);
    int side =
        switch (architecture) {
          case "lenet" -> 28;
          case "alexnet", "alexnet-two-groups", "zfnet" -> 67;
          case "resnet20", "resnet32", "resnet44", "resnet56" -> 16;
          // Normalization over eight values, as 32 pixels leave, is too steep to measure.
          case "resnet50", "resnet101", "resnet152" -> 64;
          default -> 32;
        };
    return new NetworkSpec(
        architecture,
        List.of(),
        ResNet.Stem.LARGE,
        List.of(channels, side, side),
        10,
        0,
        3,
        NetworkSpec.Phase.TRAINING);
  }

  /** The engine's own shapes and parameter counts are the blueprint's. */
  @ParameterizedTest
  @MethodSource("architectures")
  void theEngineBuildsTheBlueprint(String architecture) {
    Backend.start();
    NetworkSpec spec = small(architecture);
    Blueprint blueprint = Architectures.blueprint(spec);
    var configuration = Dl4jGraph.configuration(blueprint, 1);
    var types =
        configuration.getLayerActivationTypes(
            true, InputType.convolutional(spec.height(), spec.width(), spec.channels()));
    for (Blueprint.Node node : blueprint.nodes()) {
      assertThat(shape(types.get(node.name()))).as(node.name()).isEqualTo(node.output());
    }
    long parameters =
        configuration.getVertices().values().stream()
            .mapToLong(vertex -> vertex.numParams(true))
            .sum();
    assertThat(parameters).isEqualTo(MemoryNeeds.of(spec, 1).stateValues());
    assertThat(ParameterLayout.of(spec).bytes()).isEqualTo(parameters * Float.BYTES);
  }

  private static Shape shape(InputType type) {
    return type instanceof InputType.InputTypeConvolutional map
        ? Shape.of((int) map.getChannels(), (int) map.getHeight(), (int) map.getWidth())
        : Shape.of((int) type.arrayElementsPerExample());
  }

  private static Minibatch minibatch(NetworkSpec spec) {
    Random random = new Random(5);
    // The first weights of these papers are made for pixels of -128 to 127.
    boolean pixels = spec.architecture().matches("zfnet|googlenet|vgg[0-9]+");
    double scale = pixels ? 60 : 1;
    float[] inputs = new float[8 * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) (scale * random.nextGaussian());
    }
    return new Minibatch(inputs, random.ints(8, 0, spec.classes()).toArray());
  }

  /**
   * Layers are tested one by one; this is about how they are joined: along the gradient the loss
   * rises as the gradient says. Long gradients need a larger rise, which single precision shows.
   */
  @ParameterizedTest
  @MethodSource("architectures")
  void theGradientIsTheSlopeOfTheLoss(String architecture) {
    NetworkSpec spec = small(architecture);
    Minibatch minibatch = minibatch(spec);
    Network.Step look = new Network.Step(1e-12, 0, 0);
    try (Network network = new Dl4jNetwork(spec)) {
      ModelState start = network.state();
      network.fit(minibatch, look);
      float[] gradient = floats(network.state().momentum());
      double length = Math.sqrt(squares(gradient));
      double rise = Math.min(0.03, 3e-4 + 3e-5 * length);
      ModelState up = moved(start, gradient, rise / length / length);
      ModelState down = moved(start, gradient, -rise / length / length);
      double actual = lossAt(network, up, minibatch, look) - lossAt(network, down, minibatch, look);
      assertThat(actual).isCloseTo(slope(gradient, up, down), withinPercentage(2));
    }
  }

  /** What the gradient foretells; the states are rounded, so it is not just {@code 2 * rise}. */
  private static double slope(float[] gradient, ModelState up, ModelState down) {
    float[] one = floats(up.parameters());
    float[] other = floats(down.parameters());
    return IntStream.range(0, gradient.length)
        .mapToDouble(i -> ((double) one[i] - other[i]) * gradient[i])
        .sum();
  }

  private static double lossAt(
      Network network, ModelState state, Minibatch minibatch, Network.Step look) {
    network.restore(state);
    return network.fit(minibatch, look);
  }

  private static ModelState moved(ModelState start, float[] direction, double factor) {
    ByteBuffer parameters =
        ByteBuffer.wrap(start.parameters().clone()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < direction.length; i++) {
      int at = i * Float.BYTES;
      parameters.putFloat(at, (float) (parameters.getFloat(at) + factor * direction[i]));
    }
    return ModelState.atRest(parameters.array());
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }

  /** Deviation of the weights and value of the biases, of every layer that has a thousand. */
  @ParameterizedTest
  @MethodSource("architectures")
  void firstWeightsAreDrawnAsThePapersSay(String architecture) {
    Backend.start();
    Blueprint blueprint = Architectures.blueprint(small(architecture));
    ComputationGraph graph = Dl4jGraph.of(blueprint, 1);
    try {
      for (Blueprint.Node node : blueprint.nodes()) {
        var vertex = graph.getVertex(node.name());
        boolean kernels = node.layer().kernels(node.inputShape()).isPresent();
        if (kernels && vertex.hasLayer()) {
          var parameters = vertex.getLayer().paramTable(false);
          if (node.weights() >= 1000) {
            assertThat(parameters.get("W").stdNumber().doubleValue())
                .as(node.name())
                .isCloseTo(deviation(node), withinPercentage(10));
          }
          if (parameters.containsKey("b")) {
            assertThat(parameters.get("b").minNumber().doubleValue())
                .isEqualTo(parameters.get("b").maxNumber().doubleValue())
                .isEqualTo((float) node.firstWeights().bias());
          }
        }
      }
    } finally {
      graph.close();
    }
  }

  private static double deviation(Blueprint.Node node) {
    double inputs = (double) node.multiplications() / node.output().count();
    double outputs =
        node.layer() instanceof LayerSpec.Moving moving
            ? (double) node.weights() / node.inputShape().size(0) / Math.pow(moving.stride(), 2)
            : node.weights() / inputs;
    return switch (node.firstWeights().scheme()) {
      case HE -> Math.sqrt(2 / inputs);
      case GLOROT -> Math.sqrt(2 / (inputs + outputs));
      case GAUSSIAN -> 0.01;
    };
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void stepsMakeTheLossFall(String architecture) {
    NetworkSpec spec = small(architecture);
    Minibatch minibatch = minibatch(spec);
    Network.Step step = new Network.Step(0.01, 0.9, 0);
    try (Network network = new Dl4jNetwork(spec)) {
      double[] losses =
          IntStream.range(0, 16).mapToDouble(i -> network.fit(minibatch, step)).toArray();
      double last = Arrays.stream(losses, 13, 16).average().orElseThrow();
      assertThat(last).as(Arrays.toString(losses)).isLessThan(0.9 * losses[0]);
    }
  }
}
