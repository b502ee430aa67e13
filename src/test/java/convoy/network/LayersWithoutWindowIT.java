package convoy.network;

import static convoy.network.Tensors.eachPlace;
import static convoy.network.Tensors.randoms;
import static convoy.network.Tensors.same;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import convoy.data.reading.Minibatch;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every layer without a window against its formula, forward and backward. */
class LayersWithoutWindowIT {
  private static final int TRIALS = 20;

  @ParameterizedTest
  @EnumSource
  void reluLetsThePositivePass(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(4);
    Shape shape = Shape.of(3, 5, 4);
    Tensor[] inputs = randoms(shape, random);
    Tensor[] outputGradients = randoms(shape, random);
    try (SingleLayer engine = SingleLayer.of(which, new LayerSpec.Relu(), shape)) {
      double[] output = engine.forward(inputs)[0].values();
      double[] gradient = engine.backward(outputGradients)[0].values();
      for (int place = 0; place < output.length; place++) {
        double input = inputs[0].values()[place];
        assertThat(output[place]).isEqualTo((float) Math.max(0, input));
        assertThat(gradient[place])
            .isEqualTo(input > 0 ? (float) outputGradients[0].values()[place] : 0);
      }
    }
  }

  /** Ioffe and Szegedy (2015), algorithm 1, over two examples; its slopes by differences. */
  @ParameterizedTest
  @EnumSource
  void batchNormalizationIsThePapersAlgorithm(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(5);
    LayerSpec layer = new LayerSpec.BatchNormalization();
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(1, 5), random.nextInt(2, 6), random.nextInt(2, 6));
      Shape channels = Shape.of(shape.size(0));
      Tensor scales = Tensor.random(channels, random);
      Tensor shifts = Tensor.random(channels, random);
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(shape, random);
      try (SingleLayer engine = SingleLayer.of(which, layer, shape)) {
        engine.begin(scales, shifts);
        Tensor[] outputs = engine.forward(inputs);
        Tensor[] gradients = engine.backward(outputGradients);
        Tensor[] expected = batchNormalized(inputs, scales, shifts);
        for (int example = 0; example < 2; example++) {
          same("output", outputs[example], expected[example]);
          Tensor[] nudged = inputs.clone();
          int number = example;
          same(
              "input gradient",
              gradients[example],
              slopes(
                  inputs[example],
                  other -> {
                    nudged[number] = other;
                    return loss(batchNormalized(nudged, scales, shifts), outputGradients);
                  }));
        }
        same(
            "gradient of scales",
            engine.weightGradient(channels),
            slopes(scales, other -> loss(batchNormalized(inputs, other, shifts), outputGradients)));
        same(
            "gradient of shifts",
            engine.biasGradient(channels),
            slopes(shifts, other -> loss(batchNormalized(inputs, scales, other), outputGradients)));
      }
    }
  }

  private static double loss(Tensor[] outputs, Tensor[] outputGradients) {
    return outputs[0].dot(outputGradients[0]) + outputs[1].dot(outputGradients[1]);
  }

  private static Tensor slopes(Tensor at, ToDoubleFunction<Tensor> loss) {
    return Tensor.of(
        at.shape(),
        IntStream.range(0, (int) at.shape().count())
            .mapToDouble(
                place ->
                    (loss.applyAsDouble(at.nudged(place, 1e-4))
                            - loss.applyAsDouble(at.nudged(place, -1e-4)))
                        / 2e-4)
            .toArray());
  }

  private static Tensor[] batchNormalized(Tensor[] inputs, Tensor scales, Tensor shifts) {
    Shape shape = inputs[0].shape();
    double[][] outputs = {inputs[0].values(), inputs[1].values()};
    int places = shape.size(1) * shape.size(2);
    for (int channel = 0; channel < shape.size(0); channel++) {
      int from = channel * places;
      double mean = 0;
      double squares = 0;
      for (int i = from; i < from + places; i++) {
        mean += (outputs[0][i] + outputs[1][i]) / (2 * places);
      }
      for (int i = from; i < from + places; i++) {
        squares += Math.pow(outputs[0][i] - mean, 2) + Math.pow(outputs[1][i] - mean, 2);
      }
      double deviation = Math.sqrt(squares / (2 * places) + 1e-5);
      for (double[] output : outputs) {
        for (int i = from; i < from + places; i++) {
          output[i] = (output[i] - mean) / deviation * scales.at(channel) + shifts.at(channel);
        }
      }
    }
    return new Tensor[] {Tensor.of(shape, outputs[0]), Tensor.of(shape, outputs[1])};
  }

  /**
   * Cross entropy after softmax: the slope by a class's score is its probability, less one for the
   * label (Goodfellow et al., 2016, section 6.2.2.3); a head's counts with its weight.
   */
  @ParameterizedTest
  @EnumSource
  void softmaxOutputsAndHeadsHaveTheSlopesOfCrossEntropy(Backend.EngineName engine) {
    Blueprint blueprint =
        new Sketch(Shape.of(1, 4, 1), 3)
            .relu("values")
            .auxiliarySoftmax("head", 0.3)
            .from("values")
            .softmax("output");
    StateLayout layout = StateLayout.of(blueprint);
    Tensor input = Tensor.of(Shape.of(4), 0.3, 0.1, 0.8, 0.5);
    float[] values = SingleLayer.batch(input);
    try (Network network =
        Networks.of(engine, NetworkSpec.of("lenet", List.of(1, 4, 1), 3), blueprint)) {
      FloatBuffer state = Networks.floats(network.state().parameters());
      double score = network.fit(new Minibatch(values, new int[] {2}), Networks.LOOK);
      FloatBuffer gradient = Networks.floats(network.state().momentum());
      double loss = 0;
      for (String name : List.of("output", "head")) {
        double weight = name.equals("head") ? 0.3 : 1;
        int from = layout.blocks(name).get(0).from();
        double[] exponentials = new double[3];
        for (int i = 0; i < 3; i++) {
          for (int l = 0; l < 4; l++) {
            exponentials[i] += input.at(l) * state.get(from + i * 4 + l);
          }
          exponentials[i] = Math.exp(exponentials[i]);
        }
        double sum = Arrays.stream(exponentials).sum();
        loss -= weight * Math.log(exponentials[2] / sum);
        for (int i = 0; i < 3; i++) {
          double slope = weight * (exponentials[i] / sum - (i == 2 ? 1 : 0));
          for (int l = 0; l < 4; l++) {
            assertThat((double) gradient.get(from + i * 4 + l))
                .isCloseTo(slope * input.at(l), within(1e-6));
          }
        }
      }
      assertThat(score).isCloseTo(loss, within(1e-6));
    }
  }

  /** Srivastava et al. (2014), scaled while training, so that nothing is left to do afterwards. */
  @ParameterizedTest
  @EnumSource
  void dropoutDropsItsPartAndScalesTheRest(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(8);
    Shape shape = Shape.of(20, 10, 10);
    Tensor[] inputs = randoms(shape, random);
    Tensor[] outputGradients = randoms(shape, random);
    try (SingleLayer engine = SingleLayer.of(which, new LayerSpec.Dropout(0.4), shape)) {
      double[] output = engine.forward(inputs)[0].values();
      double[] gradient = engine.backward(outputGradients)[0].values();
      int dropped = 0;
      for (int place = 0; place < output.length; place++) {
        double factor = output[place] == 0 ? 0 : 1 / 0.6;
        dropped += output[place] == 0 ? 1 : 0;
        assertThat(output[place]).isCloseTo(factor * inputs[0].values()[place], within(1e-5));
        assertThat(gradient[place])
            .isCloseTo(factor * outputGradients[0].values()[place], within(1e-5));
      }
      assertThat(dropped / 2000.0).isCloseTo(0.4, within(0.05));
    }
  }

  @ParameterizedTest
  @EnumSource
  void localResponseNormalizationIsThePapersFormula(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(2);
    // DL4J's fails on fewer, and is refused.
    int fewest = which.name().startsWith("DL4J") ? 3 : 1;
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(fewest, 9), random.nextInt(1, 5), random.nextInt(1, 5));
      Tensor[] inputs = scaled(randoms(shape, random));
      Tensor[] outputGradients = randoms(shape, random);
      LayerSpec layer = new LayerSpec.LocalResponseNormalization();
      try (SingleLayer engine = SingleLayer.of(which, layer, shape)) {
        Tensor output = engine.forward(inputs)[1];
        Tensor gradient = engine.backward(outputGradients)[1];
        same("output", output, normalized(inputs[1]));
        Tensor slopes = slopes(inputs[1], other -> normalized(other).dot(outputGradients[1]));
        if (which.name().startsWith("DL4J")) {
          // It divides every neighbour's part by the value's own sum, not by the neighbour's: near
          // the slope, and nearer the smaller the squares are beside the offset.
          double largest = Arrays.stream(slopes.values()).map(Math::abs).max().orElseThrow();
          double[] actual = gradient.values();
          for (int place = 0; place < actual.length; place++) {
            assertThat(actual[place]).isCloseTo(slopes.values()[place], within(0.2 * largest));
          }
        } else {
          same("gradient", gradient, slopes);
        }
      }
    }
  }

  /** Large enough for the squares to count beside the offset of 2. */
  private static Tensor[] scaled(Tensor[] inputs) {
    Tensor[] scaled = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      double[] values = inputs[i].values();
      scaled[i] =
          Tensor.of(
              inputs[i].shape(),
              IntStream.range(0, values.length).mapToDouble(v -> 100 * values[v]).toArray());
    }
    return scaled;
  }

  private static Tensor normalized(Tensor input) {
    double[] values = input.values();
    eachPlace(
        input.shape(),
        (place, i, j, k) -> {
          double sum = 2;
          for (int other = i - 2; other <= i + 2; other++) {
            sum += 1e-4 * Math.pow(input.at(other, j, k), 2);
          }
          values[place] = input.at(i, j, k) / Math.pow(sum, 0.75);
        });
    return Tensor.of(input.shape(), values);
  }
}
