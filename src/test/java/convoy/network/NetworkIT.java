package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.core.Processor;
import convoy.core.UserException;
import convoy.data.reading.Minibatch;
import convoy.network.Backend.DeviceKind;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Parameter;
import convoy.network.architecture.ResNet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for a network on any engine. Alone, as it measures the process's memory. */
@Isolated
class NetworkIT {
  private static final Network.Step STEP = new Network.Step(0.05, 0.9, 5e-4);

  private static NetworkSpec spec(String architecture, int channels, int side, int classes) {
    return NetworkSpec.of(architecture, List.of(channels, side, side), classes).withSeed(3);
  }

  @ParameterizedTest
  @EnumSource
  void aStepIsGradientDescentWithMomentumAndDecay(EngineName engine) {
    NetworkSpec spec = spec("lenet", 1, 20, 3);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    try (Network network = Networks.of(engine, spec)) {
      ModelState start = network.state();
      // The numeric gradient of the loss by one weight, from central differences.
      // One of the output's, where no maximum changes place.
      int weight = StateLayout.of(spec).values() - 30;
      double numeric =
          (lossAt(network, start, weight, 1e-2f, minibatch)
                  - lossAt(network, start, weight, -1e-2f, minibatch))
              / 2e-2;
      network.restore(start);
      network.fit(minibatch, STEP);
      float before = value(start.parameters(), weight);
      double velocity = numeric + 5e-4 * before;
      assertThat(value(network.state().momentum(), weight))
          .isCloseTo((float) velocity, within(2e-3f));
      float first = value(network.state().parameters(), weight);
      assertThat(first - before).isCloseTo((float) (-0.05 * velocity), within(2e-4f));
    }
  }

  /** From a state that has a momentum already, in all parameters of a small network. */
  @ParameterizedTest
  @EnumSource
  void nesterovsStepsAndLongGradients(EngineName engine) {
    NetworkSpec spec = spec("lenet", 1, 20, 3);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    try (Network network = Networks.of(engine, spec)) {
      network.fit(minibatch, STEP);
      ModelState start = network.state();
      network.restore(ModelState.atRest(start.parameters()));
      network.fit(minibatch, Networks.LOOK);
      byte[] gradient = network.state().momentum();
      double length = 0;
      for (int i = 0; i < gradient.length / Float.BYTES; i++) {
        length += Math.pow(value(gradient, i), 2);
      }
      double longest = 0.3 * Math.sqrt(length);
      for (boolean nesterov : new boolean[] {false, true}) {
        network.restore(start);
        network.fit(
            minibatch,
            new Network.Step(
                0.05,
                new Optimizer.Sgd(0.9, nesterov),
                5e-3,
                longest,
                LayerRates.ALL,
                Network.Loss.PLAIN));
        ModelState end = network.state();
        for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
          double decay = block.role() == Parameter.Role.WEIGHT ? 5e-3 : 0;
          for (int i = block.from(); i < block.from() + block.length(); i++) {
            double g = 0.3 * value(gradient, i) + decay * value(start.parameters(), i);
            double v = 0.9 * value(start.momentum(), i) + g;
            double way = nesterov ? g + 0.9 * v : v;
            assertThat(value(end.momentum(), i)).isCloseTo((float) v, within(1e-4f));
            assertThat(value(end.parameters(), i))
                .isCloseTo((float) (value(start.parameters(), i) - 0.05 * way), within(1e-5f));
          }
        }
      }
    }
  }

  /**
   * Five steps against the paper's algorithm 2 in double precision, with a gradient of the same.
   */
  @ParameterizedTest
  @EnumSource
  void adamWsStepsAreThoseOfItsPaper(EngineName engine) {
    NetworkSpec spec = spec("lenet", 1, 20, 3);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    StateLayout layout = StateLayout.of(spec);
    Optimizer adamW = new Optimizer.AdamW(0.9, 0.99);
    try (Network network = Networks.of(engine, spec);
        Network asked = Networks.of(engine, spec)) {
      network.remember(adamW);
      double[] m = new double[layout.values()];
      double[] s = new double[layout.values()];
      for (int t = 1; t <= 5; t++) {
        ModelState start = network.state();
        asked.restore(ModelState.atRest(start.parameters()));
        asked.fit(minibatch, Networks.LOOK);
        byte[] gradient = asked.state().momentum();
        network.fit(
            minibatch, new Network.Step(0.01, adamW, 0.05, 0, LayerRates.ALL, Network.Loss.PLAIN));
        // It goes on from what was saved as if nothing had been.
        ModelState end = network.state();
        network.remember(adamW);
        network.restore(end);
        assertThat(network.state().digest()).isEqualTo(end.digest());
        for (StateLayout.Block block : layout.blocks()) {
          double decay = block.role() == Parameter.Role.WEIGHT ? 0.05 : 0;
          for (int i = block.from(); i < block.from() + block.length(); i++) {
            double g = value(gradient, i);
            m[i] = 0.9 * m[i] + 0.1 * g;
            s[i] = 0.99 * s[i] + 0.01 * g * g;
            double way =
                m[i]
                    / (1 - Math.pow(0.9, t))
                    / (Math.sqrt(s[i] / (1 - Math.pow(0.99, t))) + Optimizer.AdamW.EPSILON);
            double w = value(start.parameters(), i);
            assertThat(value(end.momentum(), i)).isCloseTo((float) m[i], within(1e-5f));
            assertThat(value(end.momentum(), layout.values() + i))
                .isCloseTo((float) s[i], within(1e-5f));
            // Where the gradient is nearly 0, its sign is a rounding error.
            if (Math.abs(g) > 1e-5) {
              assertThat(value(end.parameters(), i))
                  .isCloseTo((float) (w - 0.01 * (way + decay * w)), within(1e-4f));
            }
          }
        }
        assertThat(value(end.momentum(), 2 * layout.values())).isEqualTo(t);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theLossIsThatOfSmoothedMixedAndWeightedLabels(EngineName engine) {
    NetworkSpec spec = spec("lenet", 1, 20, 3);
    Minibatch plain = Networks.minibatch(spec, 4);
    Minibatch mixed =
        new Minibatch(
            plain.inputs(),
            plain.labels(),
            new Minibatch.Mix(new int[] {2, 1, 0, 1}, new float[] {0.3f, 1, 0.5f, 0}));
    try (Network network = Networks.of(engine, spec)) {
      float[] probabilities = network.probabilities(plain.inputs(), 4);
      for (Minibatch minibatch : List.of(plain, mixed)) {
        for (double smoothing : new double[] {0, 0.1}) {
          float[] targets = minibatch.targets(3, smoothing);
          double expected = 0;
          for (int i = 0; i < targets.length; i++) {
            expected -= targets[i] * Math.log(probabilities[i]) / 4;
          }
          double loss = network.fit(minibatch, look(new Network.Loss(smoothing, List.of())));
          assertThat(loss).isCloseTo(expected, within(1e-4));
        }
      }
      if (Engine.of(engine).weighsClasses()) {
        double[] weights = {0.5, 1, 2};
        for (Minibatch minibatch : List.of(plain, mixed)) {
          float[] targets = minibatch.targets(3, 0.1);
          double expected = 0;
          for (int i = 0; i < targets.length; i++) {
            expected -= weights[i % 3] * targets[i] * Math.log(probabilities[i]) / 4;
          }
          assertThat(network.fit(minibatch, look(new Network.Loss(0.1, List.of(0.5, 1.0, 2.0)))))
              .isCloseTo(expected, within(1e-4));
        }
      }
    }
  }

  private static Network.Step look(Network.Loss loss) {
    return new Network.Step(1e-12, new Optimizer.Sgd(0, false), 0, 0, LayerRates.ALL, loss);
  }

  @Test
  void residualBlocksMayBeginAsIdentities() {
    NetworkSpec spec = spec("resnet18", 3, 32, 3);
    byte[] parameters = FirstState.of(spec, true).parameters();
    byte[] usual = FirstState.of(spec).parameters();
    int silent = 0;
    for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
      boolean last = block.name().matches("layer\\d\\.\\d\\.bn2\\.weight");
      silent += last ? 1 : 0;
      for (int i = block.from(); i < block.from() + block.length(); i++) {
        assertThat(value(parameters, i)).isEqualTo(last ? 0 : value(usual, i));
      }
    }
    assertThat(silent).isEqualTo(8);
  }

  private static double lossAt(
      Network network, ModelState start, int index, float change, Minibatch minibatch) {
    byte[] parameters = start.parameters().clone();
    ByteBuffer buffer = ByteBuffer.wrap(parameters).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putFloat(index * Float.BYTES, buffer.getFloat(index * Float.BYTES) + change);
    network.restore(ModelState.atRest(parameters));
    return network.fit(minibatch, new Network.Step(1e-12, 0, 0));
  }

  private static float value(byte[] values, int index) {
    return ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN).getFloat(index * Float.BYTES);
  }

  @ParameterizedTest
  @EnumSource
  void aRestoredNetworkGoesOnToTheSameBits(EngineName engine) {
    NetworkSpec spec =
        new NetworkSpec(
            "resnet18",
            List.of(),
            ResNet.Stem.SMALL,
            List.of(3, 16, 16),
            5,
            0,
            1,
            NetworkSpec.Phase.TRAINING);
    Minibatch minibatch = Networks.minibatch(spec, 6);
    try (Network one = Networks.of(engine, spec);
        Network two = Networks.of(engine, spec)) {
      one.fit(minibatch, STEP);
      ModelState middle = one.state();
      one.fit(minibatch, STEP);
      two.restore(middle);
      two.fit(minibatch, STEP);
      assertThat(two.state().digest()).isEqualTo(one.state().digest());
    }
  }

  private static NetworkSpec everyLayer() {
    return new NetworkSpec(
        "sequential",
        List.of(
            new LayerSpec.Convolution(4, 3, 1, 1, 1, 1, true),
            new LayerSpec.Convolution(4, 3, 1, 2, 2, 1, false),
            new LayerSpec.Convolution(4, 3, 1, 1, 1, 2, true),
            new LayerSpec.BatchNormalization(),
            new LayerSpec.LocalResponseNormalization(),
            new LayerSpec.TiledConvolution(3, 3, 2, 1, 1),
            new LayerSpec.Relu(),
            new LayerSpec.DepthwiseConvolution(2, 3, 1, 1, true),
            new LayerSpec.PaddedShortcut(8, 2),
            new LayerSpec.TransposedConvolution(3, 2, 2, 0),
            new LayerSpec.UnsharedConvolution(2, 3, 1, 0),
            new LayerSpec.MaxPooling(2, 2, 0),
            new LayerSpec.Dropout(0.5),
            new LayerSpec.Dense(7)),
        ResNet.Stem.LARGE,
        List.of(1, 12, 10),
        3,
        0,
        1,
        NetworkSpec.Phase.TRAINING);
  }

  /** Weights are smaller by the same part than after a step without decay, all else is equal. */
  @ParameterizedTest
  @EnumSource
  void onlyWeightsDecay(EngineName engine) {
    NetworkSpec spec = engine == EngineName.TORCH ? everyLayer() : spec("mobilenet", 3, 32, 3);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    try (Network network = Networks.of(engine, spec)) {
      ModelState start = network.state();
      network.seed(7);
      network.fit(minibatch, new Network.Step(0.1, 0, 0));
      byte[] without = network.state().parameters();
      network.restore(start);
      network.seed(7);
      network.fit(minibatch, new Network.Step(0.1, 0, 0.01));
      byte[] with = network.state().parameters();
      for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
        double decay = block.role() == Parameter.Role.WEIGHT ? 0.001 : 0;
        double largest = 0;
        for (int i = block.from(); i < block.from() + block.length(); i++) {
          double expected = decay * value(start.parameters(), i);
          largest = Math.max(largest, Math.abs(value(without, i) - value(with, i) - expected));
        }
        assertThat(largest).as(block.name()).isLessThan(1e-6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void dropoutFollowsTheSeed(EngineName engine) {
    NetworkSpec spec =
        new NetworkSpec(
            "lenet",
            List.of(),
            ResNet.Stem.LARGE,
            List.of(1, 28, 28),
            10,
            0.5,
            1,
            NetworkSpec.Phase.TRAINING);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    try (Network network = Networks.of(engine, spec)) {
      ModelState start = network.state();
      String[] digests = new String[3];
      for (int i = 0; i < 3; i++) {
        network.restore(start);
        network.seed(i == 2 ? 8 : 7);
        network.fit(minibatch, STEP);
        digests[i] = network.state().digest();
      }
      assertThat(digests[1]).isEqualTo(digests[0]);
      assertThat(digests[2]).isNotEqualTo(digests[0]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void probabilitiesAddUpToOne(EngineName engine) {
    NetworkSpec spec = spec("lenet", 1, 28, 10);
    try (Network network = Networks.of(engine, spec)) {
      float[] probabilities = network.probabilities(Networks.minibatch(spec, 3).inputs(), 3);
      for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int c = 0; c < 10; c++) {
          sum += probabilities[i * 10 + c];
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
      }
    }
  }

  @Test
  void anInputThatVanishesIsRefused() {
    assertThatThrownBy(() -> Networks.torch(spec("alexnet", 3, 40, 10)))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot build alexnet for input [3, 40, 40]. At layer pool5: Cannot move a window of 3x3 over a map of 256x1x1: nothing is left of the map. Use a larger input.");
  }

  /** The engine multiplies normalizations into kernels for networks that are only asked. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet18", "mobilenet", "vgg11-bn"})
  void foldedNormalizationsAnswerAsThoseThatAreNot(String architecture) {
    NetworkSpec spec = spec(architecture, 3, 32, 5);
    Minibatch minibatch = Networks.minibatch(spec, 4);
    String output = Architectures.blueprint(spec).output().name();
    try (Network network = Networks.torch(spec)) {
      for (int step = 0; step < 3; step++) {
        network.fit(minibatch, new Network.Step(1e-3, 0.9, 0));
        float[] one = Arrays.copyOf(minibatch.inputs(), spec.inputSize());
        float[] expected = network.activations(one, 1, Set.of(output)).get(output);
        float[] actual = network.probabilities(one, 1);
        for (int c = 0; c < expected.length; c++) {
          double ratio = Math.log(actual[c]) - Math.log(expected[c]);
          assertThat(ratio).isCloseTo(0, within(1e-3 - 1e-3 * Math.log(expected[c])));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aModelOfOneEngineGoesOnOnAnother(EngineName engine) {
    NetworkSpec spec = spec("resnet18", 3, 32, 5);
    Minibatch minibatch = Networks.minibatch(spec, 6);
    EngineName other = engine == EngineName.TORCH ? EngineName.DL4J : EngineName.TORCH;
    try (Network one = Networks.of(engine, spec);
        Network two = Networks.of(other, spec)) {
      one.fit(minibatch, STEP);
      two.restore(one.state());
      assertThat(two.state().digest()).isEqualTo(one.state().digest());
      float[] expected = one.probabilities(minibatch.inputs(), 6);
      float[] actual = two.probabilities(minibatch.inputs(), 6);
      for (int i = 0; i < actual.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-4f));
      }
    }
  }

  /** In single precision the same step; in half of it nearly so. */
  @Test
  void bfloat16IsNearlySinglePrecisionWhereTheProcessorHasIt() {
    NetworkSpec spec = spec("resnet18", 3, 32, 5);
    Backend half = new Backend(EngineName.TORCH, DeviceKind.CPU, Precision.BFLOAT16);
    if (!Processor.hasBfloat16()) {
      assertThatThrownBy(() -> Engine.open(spec, half, OptionalInt.empty()))
          .isInstanceOf(UserException.class)
          .hasMessage(
              "Cannot compute in bfloat16: this processor has neither AVX512_BF16 nor AMX. Set network.precision=float32.");
      return;
    }
    Minibatch minibatch = Networks.minibatch(spec, 8);
    try (Network exact = Networks.torch(spec);
        Network rough = Networks.begun(half, spec)) {
      double[] losses = new double[2];
      for (int i = 0; i < 10; i++) {
        losses[0] = exact.fit(minibatch, new Network.Step(0.01, 0.9, 0));
        losses[1] = rough.fit(minibatch, new Network.Step(0.01, 0.9, 0));
        if (i == 0) {
          assertThat(losses[1]).isCloseTo(losses[0], within(0.02 * losses[0]));
        }
      }
      assertThat(losses[1]).isLessThan(0.5);
    }
  }

  /** Native memory does not grow with the number of replicas that were opened and closed. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aThousandReplicasLeaveNothingBehind() throws IOException {
    NetworkSpec spec = spec("lenet", 1, 28, 10);
    Minibatch minibatch = Networks.minibatch(spec, 8);
    long before = 0;
    for (int i = 0; i < 1000; i++) {
      try (Network network = Networks.torch(spec)) {
        network.fit(minibatch, STEP);
        float[] unused = network.probabilities(minibatch.inputs(), 8);
      }
      before = i == 200 ? residentMebibytes() : before;
    }
    // 800 of 5 MB each would be 4,000.
    assertThat(residentMebibytes() - before).isLessThan(200);
  }

  private static long residentMebibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElseThrow();
  }
}
