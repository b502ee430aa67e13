package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.params.provider.Arguments.of;

import convoy.core.UserException;
import convoy.data.reading.Minibatch;
import convoy.network.Backend.EngineName;
import convoy.network.architecture.Parameter;
import convoy.network.architecture.ResNet;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every network on the engines that run it. */
@Execution(ExecutionMode.CONCURRENT)
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

  static Stream<Arguments> onEngines() {
    return architectures().stream()
        .flatMap(name -> Arrays.stream(EngineName.values()).map(engine -> of(name, engine)))
        .filter(
            arguments -> runs(small((String) arguments.get()[0]), (EngineName) arguments.get()[1]));
  }

  private static boolean runs(NetworkSpec spec, EngineName engine) {
    return Engine.of(engine).refusal(Architectures.blueprint(spec)).isEmpty();
  }

  @Test
  void deeplearning4jRunsTheNetworksThatItHasAllLayersOf() {
    assertThat(architectures().stream().filter(name -> !runs(small(name), EngineName.DL4J)))
        .containsExactly("alexnet-two-groups", "resnet20", "resnet32", "resnet44", "resnet56");
    assertThatThrownBy(() -> Networks.of(EngineName.DL4J, small("resnet20")))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot run resnet20 on engine dl4j: at layer stage2-block1-shortcut, Deeplearning4j has no shortcut that pads channels. Set network.engine=torch.");
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
  @MethodSource("onEngines")
  void theGradientIsTheSlopeOfTheLoss(String architecture, EngineName engine) {
    NetworkSpec spec = small(architecture);
    Minibatch minibatch = minibatch(spec);
    Network.Step look = Networks.LOOK;
    try (Network network = Networks.of(engine, spec)) {
      ModelState start = network.state();
      network.fit(minibatch, look);
      FloatBuffer gradient = ModelState.floats(network.state().momentum());
      double length = Math.sqrt(squares(gradient));
      double rise = Math.min(0.03, 3e-4 + 3e-5 * length);
      ModelState up = moved(start, gradient, rise / length / length);
      ModelState down = moved(start, gradient, -rise / length / length);
      double actual = lossAt(network, up, minibatch, look) - lossAt(network, down, minibatch, look);
      assertThat(actual).isCloseTo(slope(gradient, up, down), withinPercentage(2));
    }
  }

  /** What the gradient foretells; the states are rounded, so it is not just {@code 2 * rise}. */
  private static double slope(FloatBuffer gradient, ModelState up, ModelState down) {
    FloatBuffer one = ModelState.floats(up.parameters());
    FloatBuffer other = ModelState.floats(down.parameters());
    return IntStream.range(0, gradient.limit())
        .mapToDouble(i -> ((double) one.get(i) - other.get(i)) * gradient.get(i))
        .sum();
  }

  private static double lossAt(
      Network network, ModelState state, Minibatch minibatch, Network.Step look) {
    network.restore(state);
    return network.fit(minibatch, look);
  }

  private static ModelState moved(ModelState start, FloatBuffer direction, double factor) {
    byte[] moved = start.parameters().clone();
    FloatBuffer parameters = ModelState.floats(moved);
    for (int i = 0; i < direction.limit(); i++) {
      parameters.put(i, (float) (parameters.get(i) + factor * direction.get(i)));
    }
    // The start is at rest: its zeros do for all, as the largest networks fill the heap.
    return new ModelState(moved, start.momentum());
  }

  private static float[] floats(byte[] bytes) {
    FloatBuffer floats = ModelState.floats(bytes);
    float[] values = new float[floats.limit()];
    floats.get(values);
    return values;
  }

  private static double squares(FloatBuffer values) {
    return IntStream.range(0, values.limit())
        .mapToDouble(i -> (double) values.get(i) * values.get(i))
        .sum();
  }

  /** Ten steps from the same first weights, on the same minibatches. */
  @ParameterizedTest
  @MethodSource("onBoth")
  void bothEnginesTakeTheSameSteps(String architecture) {
    NetworkSpec spec = small(architecture);
    Minibatch minibatch = minibatch(spec);
    Network.Step step = new Network.Step(smallRate(spec), 0.9, 5e-4);
    try (Network torch = Networks.torch(spec);
        Network dl4j = Networks.of(EngineName.DL4J, spec)) {
      assertThat(dl4j.state().digest()).isEqualTo(torch.state().digest());
      float[] start = floats(torch.state().parameters());
      for (int i = 0; i < 10; i++) {
        double loss = torch.fit(minibatch, step);
        assertThat(dl4j.fit(minibatch, step))
            .as("loss %d", i)
            .isCloseTo(loss, within((veryDeep(spec) ? 0.08 : 0.02) * loss));
      }
      sameWay(spec, start, floats(torch.state().parameters()), floats(dl4j.state().parameters()));
    }
  }

  /**
   * Normalization over few values makes much of roundings, the more of it the more; and at large
   * steps a unit that one processor's roundings switch on parts the ways. Small steps keep them
   * small.
   */
  private static double smallRate(NetworkSpec spec) {
    return normalizations(spec) == 0 ? 1e-4 : veryDeep(spec) ? 1e-9 : 1e-7;
  }

  /**
   * At its first weights a few steps of 1e-8 halve the loss of ResNet-152: what one engine rounds
   * otherwise than the other grows by the same.
   */
  private static boolean veryDeep(NetworkSpec spec) {
    return normalizations(spec) >= 100;
  }

  private static long normalizations(NetworkSpec spec) {
    return StateLayout.of(spec).blocks().stream()
        .filter(block -> block.parameter().name().equals("running_mean"))
        .count();
  }

  /** Of all arrays together: how far apart they are, in parts of the way that both have gone. */
  private static void sameWay(NetworkSpec spec, float[] start, float[] one, float[] other) {
    double apart = 0;
    double way = 0;
    for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
      // Torch corrects running variances for small samples, DL4J does not.
      if (block.role() != Parameter.Role.STATISTIC) {
        for (int i = block.from(); i < block.from() + block.length(); i++) {
          apart += Math.pow((double) one[i] - other[i], 2);
          way += Math.pow((double) one[i] - start[i], 2);
        }
      }
    }
    assertThat(Math.sqrt(apart)).isLessThan((veryDeep(spec) ? 0.2 : 0.05) * Math.sqrt(way));
  }

  static List<String> onBoth() {
    return architectures().stream().filter(name -> runs(small(name), EngineName.DL4J)).toList();
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void stepsMakeTheLossFall(String architecture) {
    EngineName engine = EngineName.TORCH;
    NetworkSpec spec = small(architecture);
    Minibatch minibatch = minibatch(spec);
    Network.Step step = new Network.Step(architecture.equals("googlenet") ? 0.002 : 0.01, 0.9, 0);
    try (Network network = Networks.of(engine, spec)) {
      double[] losses =
          IntStream.range(0, 16).mapToDouble(i -> network.fit(minibatch, step)).toArray();
      double last = Arrays.stream(losses, 13, 16).average().orElseThrow();
      assertThat(last).as(Arrays.toString(losses)).isLessThan(0.9 * losses[0]);
    }
  }
}
