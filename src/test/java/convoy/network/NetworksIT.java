package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.convolution.Shape;
import convoy.data.Minibatch;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.ResNet;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.inputs.InputType;
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

  @ParameterizedTest
  @MethodSource("architectures")
  void stepsMakeTheLossFall(String architecture) {
    NetworkSpec spec = small(architecture);
    Random random = new Random(5);
    // The first weights of these papers are made for pixels of -128 to 127.
    boolean pixels = architecture.matches("zfnet|googlenet|vgg[0-9]+");
    double scale = pixels ? 60 : 1;
    float[] inputs = new float[8 * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) (scale * random.nextGaussian());
    }
    Minibatch minibatch = new Minibatch(inputs, random.ints(8, 0, spec.classes()).toArray());
    Network.Step step = new Network.Step(0.01, 0.9, 0);
    try (Network network = new Dl4jNetwork(spec)) {
      double[] losses =
          IntStream.range(0, 16).mapToDouble(i -> network.fit(minibatch, step)).toArray();
      double last = Arrays.stream(losses, 13, 16).average().orElseThrow();
      assertThat(last).as(Arrays.toString(losses)).isLessThan(0.9 * losses[0]);
    }
  }
}
