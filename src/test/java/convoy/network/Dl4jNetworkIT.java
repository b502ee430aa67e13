package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.core.UserException;
import convoy.data.Minibatch;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class Dl4jNetworkIT {
  private static final Network.Step STEP = new Network.Step(0.05, 0.9, 5e-4);

  private static NetworkSpec spec(String architecture, int channels, int side, int classes) {
    return NetworkSpec.of(architecture, List.of(channels, side, side), classes).withSeed(3);
  }

  private static Minibatch minibatch(NetworkSpec spec, int examples) {
    Random random = new Random(5);
    float[] inputs = new float[examples * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) random.nextGaussian();
    }
    return new Minibatch(inputs, random.ints(examples, 0, spec.classes()).toArray());
  }

  @Test
  void layersRunOnOneDnnWhereTheMachineHasIt() {
    Backend.start();
    String extension = System.getProperty("org.bytedeco.javacpp.platform.extension");
    assertThat(Backend.onednn()).isEqualTo(extension.contains("onednn"));
  }

  @Test
  void aStepIsGradientDescentWithMomentumAndDecay() {
    NetworkSpec spec = spec("lenet", 1, 20, 3);
    Minibatch minibatch = minibatch(spec, 4);
    try (Network network = new Dl4jNetwork(spec)) {
      ModelState start = network.state();
      // The numeric gradient of the loss by one weight, from central differences.
      int weight = 30;
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

  @Test
  void aRestoredNetworkGoesOnToTheSameBits() {
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
    Minibatch minibatch = minibatch(spec, 6);
    try (Network one = new Dl4jNetwork(spec);
        Network two = new Dl4jNetwork(spec)) {
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

  /** All is as before a step without decay but the weights, which are smaller by the same part. */
  @Test
  void onlyWeightsDecay() {
    Backend.start();
    NetworkSpec spec = everyLayer();
    Minibatch minibatch = minibatch(spec, 4);
    ComputationGraph layers = Dl4jGraph.of(Architectures.blueprint(spec), 1);
    for (Layer layer : layers.getLayers()) {
      layer.paramTable(false).forEach((name, value) -> value.assign(name.equals("W") ? 1 : 0));
    }
    float[] isWeight = layers.params().toFloatVector();
    layers.close();
    try (Network network = new Dl4jNetwork(spec)) {
      ModelState start = network.state();
      network.seed(7);
      network.fit(minibatch, new Network.Step(0.1, 0, 0));
      byte[] without = network.state().parameters();
      network.restore(start);
      network.seed(7);
      network.fit(minibatch, new Network.Step(0.1, 0, 0.01));
      byte[] with = network.state().parameters();
      for (int i = 0; i < isWeight.length; i++) {
        float decay = isWeight[i] * 0.001f * value(start.parameters(), i);
        assertThat(value(without, i) - value(with, i))
            .as("value %d", i)
            .isCloseTo(decay, within(1e-6f));
      }
    }
  }

  @Test
  void everyLayerSurvivesTheEnginesOwnStorage(@TempDir File folder) throws IOException {
    NetworkSpec spec = everyLayer();
    Backend.start();
    ComputationGraph graph = Dl4jGraph.of(Architectures.blueprint(spec), 1);
    File file = new File(folder, "model.zip");
    ModelSerializer.writeModel(graph, file, false);
    ComputationGraph restored = ModelSerializer.restoreComputationGraph(file, false);
    INDArray input = Nd4j.randn('c', 5, 1, 12, 10);
    assertThat(restored.params().toFloatVector()).isEqualTo(graph.params().toFloatVector());
    assertThat(restored.outputSingle(input).dup('c').data().asFloat())
        .isEqualTo(graph.outputSingle(input).dup('c').data().asFloat());
  }

  @Test
  void dropoutFollowsTheSeed() {
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
    Minibatch minibatch = minibatch(spec, 4);
    try (Network network = new Dl4jNetwork(spec)) {
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

  @Test
  void probabilitiesAddUpToOne() {
    NetworkSpec spec = spec("lenet", 1, 28, 10);
    try (Network network = new Dl4jNetwork(spec)) {
      float[] probabilities = network.probabilities(minibatch(spec, 3).inputs(), 3);
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
    assertThatThrownBy(() -> new Dl4jNetwork(spec("alexnet", 3, 40, 10)))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot build alexnet for input [3, 40, 40]. At layer pool5: Cannot move a window of 3x3 over a map of 256x1x1: nothing is left of the map. Use a larger input.");
  }
}
