package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.convolution.Area;
import convoy.convolution.Pooling;
import convoy.convolution.Shape;
import convoy.convolution.SumOfProducts;
import convoy.convolution.Tensor;
import convoy.convolution.Window;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Every layer with a window against its definition in plain Java, forward and backward, over random
 * shapes, on oneDNN and without it.
 */
class LayersIT {
  private static final int TRIALS = 20;
  private static final double PRECISION = 2e-5;

  private static LayerSpec layer(String kind, int channels, SplittableRandom random) {
    int filters = kind.equals("grouped") ? 2 * random.nextInt(1, 5) : random.nextInt(1, 9);
    int size = random.nextInt(1, 6);
    int stride = random.nextInt(1, 4);
    int padding = random.nextInt(0, size);
    boolean biased = random.nextBoolean();
    return switch (kind) {
      case "ordinary" -> new LayerSpec.Convolution(filters, size, stride, padding, 1, 1, biased);
      case "dilated" ->
          new LayerSpec.Convolution(
              filters, size, stride, padding, random.nextInt(2, 4), 1, biased);
      case "grouped" -> new LayerSpec.Convolution(filters, size, stride, padding, 1, 2, biased);
      case "pointwise" -> new LayerSpec.Convolution(filters, 1, 1, 0, 1, 1, biased);
      case "depthwise" ->
          new LayerSpec.DepthwiseConvolution(random.nextInt(1, 4), size, stride, padding, biased);
      case "transposed" -> new LayerSpec.TransposedConvolution(filters, size, stride, padding);
      case "tiled" ->
          new LayerSpec.TiledConvolution(filters, size, random.nextInt(1, 5), stride, padding);
      case "unshared" -> new LayerSpec.UnsharedConvolution(filters, size, stride, padding);
      case "dense" -> new LayerSpec.Dense(filters);
      case "max" -> new LayerSpec.MaxPooling(size, stride, padding);
      case "average" -> new LayerSpec.AveragePooling(size, stride, padding);
      case "shortcut" -> new LayerSpec.PaddedShortcut(channels + 2, stride);
      default -> throw new IllegalArgumentException(kind);
    };
  }

  private static int channels(String kind, SplittableRandom random) {
    return kind.equals("grouped") ? 2 * random.nextInt(1, 5) : random.nextInt(1, 9);
  }

  /** From the smallest map that the layer takes on; rows and columns differ. */
  private static Shape input(int channels, LayerSpec layer, SplittableRandom random) {
    int extent = layer instanceof LayerSpec.Moving moving ? moving.window().extent() : 1;
    return Shape.of(channels, extent + random.nextInt(0, 8), extent + random.nextInt(0, 8));
  }

  @ParameterizedTest
  @CsvSource({
    "ordinary, true", "ordinary, false",
    "dilated, true", "dilated, false",
    "grouped, true", "grouped, false",
    "pointwise, true", "pointwise, false",
    "depthwise, true", "depthwise, false",
    "transposed, true", "transposed, false",
    "tiled, true", "tiled, false",
    "unshared, true", "unshared, false",
    "dense, true", "dense, false"
  })
  void kernelsComputeTheirDefinition(String kind, boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels(kind, random);
      LayerSpec layer = layer(kind, channels, random);
      Shape shape = input(channels, layer, random);
      try (SingleLayer engine = new SingleLayer(layer, shape, oneDnn)) {
        computesItsDefinition(engine, layer, shape, random);
      }
    }
  }

  /** Those that Convoy has another layer for because they are slow, not because they are wrong. */
  @ParameterizedTest
  @CsvSource({"dilated, true", "dilated, false", "depthwise, true", "depthwise, false"})
  void dl4jsOwnKernelsComputeTheirDefinition(String kind, boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels(kind, random);
      LayerSpec.Convolving layer = (LayerSpec.Convolving) layer(kind, channels, random);
      Shape shape = input(channels, layer, random);
      Layer dl4j =
          (layer instanceof LayerSpec.DepthwiseConvolution depthwise
                  ? new DepthwiseConvolution2D.Builder(layer.size(), layer.size())
                      .depthMultiplier(depthwise.multiplier())
                  : new ConvolutionLayer.Builder(layer.size(), layer.size())
                      .dilation(layer.dilation(), layer.dilation())
                      .nOut(layer.output(shape).size(0)))
              .stride(layer.stride(), layer.stride())
              .padding(layer.padding(), layer.padding())
              .hasBias(layer.biases(shape) > 0)
              .build();
      try (SingleLayer engine = SingleLayer.ofDl4j(dl4j, layer, shape, oneDnn)) {
        computesItsDefinition(engine, layer, shape, random);
      }
    }
  }

  /** Why {@code TiledConvolution} stands for it: once this fails, DL4J has mended it. */
  @Test
  void dl4jsLocallyConnectedLayerPutsValuesInOtherPlaces() {
    Shape shape = Shape.of(1, 2, 3);
    LayerSpec layer = new LayerSpec.UnsharedConvolution(1, 1, 1, 0);
    LocallyConnected2D dl4j =
        new LocallyConnected2D.Builder()
            .kernelSize(1, 1)
            .nOut(1)
            .activation(Activation.IDENTITY)
            .hasBias(false)
            .build();
    try (SingleLayer engine = SingleLayer.ofDl4j(dl4j, layer, shape, true)) {
      engine.allWeights(1);
      Tensor map = Tensor.of(shape, 1, 2, 3, 4, 5, 6);
      assertThat(engine.forward(map)[0].values()).containsExactly(1, 4, 2, 5, 3, 6);
    }
  }

  private static void computesItsDefinition(
      SingleLayer engine, LayerSpec layer, Shape shape, SplittableRandom random) {
    SumOfProducts sum = layer.kernels(shape).orElseThrow();
    Tensor weights = Tensor.random(sum.weights(shape), random);
    Tensor biases = Tensor.random(Shape.of((int) layer.biases(shape)), random);
    Tensor[] inputs = randoms(shape, random);
    Tensor[] outputGradients = randoms(sum.output(shape), random);
    engine.begin(weights, biases);
    Tensor[] outputs = engine.forward(inputs);
    Tensor[] inputGradients = engine.backward(outputGradients);
    String what = "%s on %s".formatted(layer, shape);
    for (int example = 0; example < inputs.length; example++) {
      same(
          what + ", output",
          outputs[example],
          plus(sum.value(inputs[example], weights), biases, sum.biases(shape)));
      same(
          what + ", input gradient",
          inputGradients[example],
          sum.inputGradient(shape, weights, outputGradients[example]));
    }
    same(
        what + ", weight gradient",
        engine.weightGradient(sum.weights(shape)),
        sum(
            sum.weightGradient(inputs[0], outputGradients[0]),
            sum.weightGradient(inputs[1], outputGradients[1])));
    same(
        what + ", bias gradient",
        engine.biasGradient(biases.shape()),
        sum(
            biasGradient(outputGradients[0], biases.shape(), sum.biases(shape)),
            biasGradient(outputGradients[1], biases.shape(), sum.biases(shape))));
  }

  @ParameterizedTest
  @CsvSource({"max, true", "max, false", "average, true", "average, false"})
  void poolingComputesItsDefinition(String kind, boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels(kind, random);
      LayerSpec.Pooled layer = (LayerSpec.Pooled) layer(kind, channels, random);
      Shape shape = input(channels, layer, random);
      Pooling pooling = layer.operation();
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(pooling.output(shape), random);
      try (SingleLayer engine = new SingleLayer(layer, shape, oneDnn)) {
        Tensor[] outputs = engine.forward(inputs);
        Tensor[] inputGradients = engine.backward(outputGradients);
        for (int example = 0; example < inputs.length; example++) {
          String what = "%s on %s".formatted(layer, shape);
          same(what, outputs[example], pooling.value(inputs[example]));
          same(
              what + ", gradient",
              inputGradients[example],
              pooling.inputGradient(inputs[example], outputGradients[example]));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void globalAveragePoolingIsPoolingOverTheWholeMap(boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(3);
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(1, 9), random.nextInt(1, 9), random.nextInt(1, 9));
      Area whole = new Area(Window.valid(shape.size(1)), Window.valid(shape.size(2)));
      Pooling pooling = new Pooling(Pooling.Kind.AVERAGE, whole);
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(Shape.of(shape.size(0)), random);
      try (SingleLayer engine =
          new SingleLayer(new LayerSpec.GlobalAveragePooling(), shape, oneDnn)) {
        Tensor output = engine.forward(inputs)[1];
        Tensor gradient = engine.backward(outputGradients)[1];
        Tensor above = Tensor.of(pooling.output(shape), outputGradients[1].values());
        same("output of " + shape, output, pooling.value(inputs[1]));
        same("gradient of " + shape, gradient, pooling.inputGradient(inputs[1], above));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void reluLetsThePositivePass(boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(4);
    Shape shape = Shape.of(3, 5, 4);
    Tensor[] inputs = randoms(shape, random);
    Tensor[] outputGradients = randoms(shape, random);
    try (SingleLayer engine = new SingleLayer(new LayerSpec.Relu(), shape, oneDnn)) {
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
  @CsvSource({"true", "false"})
  void batchNormalizationIsThePapersAlgorithm(boolean oneDnn) {
    SplittableRandom random = new SplittableRandom(5);
    LayerSpec layer = new LayerSpec.BatchNormalization();
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(1, 5), random.nextInt(2, 6), random.nextInt(2, 6));
      Shape channels = Shape.of(shape.size(0));
      Tensor scales = Tensor.random(channels, random);
      Tensor shifts = Tensor.random(channels, random);
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(shape, random);
      try (SingleLayer engine = new SingleLayer(layer, shape, oneDnn)) {
        engine.begin(scales, shifts);
        Tensor[] outputs = engine.forward(inputs);
        Tensor[] gradients = engine.backward(outputGradients);
        Tensor[] expected = batchNormalized(inputs, scales, shifts);
        for (int example = 0; example < 2; example++) {
          same("output", outputs[example], expected[example]);
          Tensor[] nudged = inputs.clone();
          int which = example;
          same(
              "input gradient",
              gradients[example],
              slopes(
                  inputs[example],
                  other -> {
                    nudged[which] = other;
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
  @Test
  void softmaxOutputsAndHeadsHaveTheSlopesOfCrossEntropy() {
    Backend.start();
    SplittableRandom random = new SplittableRandom(7);
    Shape shape = Shape.of(4);
    Sketch sketch = new Sketch(Shape.of(4, 1, 1), 3);
    ComputationGraph graph =
        Dl4jGraph.of(
            sketch
                .globalAveragePooling("values")
                .auxiliarySoftmax("head", 0.3)
                .from("values")
                .softmax("output"),
            1);
    Tensor input = Tensor.random(shape, random);
    INDArray labels = Nd4j.createFromArray(0f, 0f, 1f).reshape(1, 3);
    graph.setInputs(
        Nd4j.createFromArray(input.values()).castTo(DataType.FLOAT).reshape(1, 4, 1, 1));
    graph.setLabels(labels, labels);
    graph.computeGradientAndScore();
    double loss = 0;
    for (String name : List.of("output", "head")) {
      double weight = name.equals("head") ? 0.3 : 1;
      INDArray kernels = graph.getLayer(name).getParam("W");
      INDArray gradient = graph.gradient().getGradientFor(name + "_W");
      double[] exponentials = new double[3];
      for (int i = 0; i < 3; i++) {
        for (int l = 0; l < 4; l++) {
          exponentials[i] += input.at(l) * kernels.getDouble(l, i);
        }
        exponentials[i] = Math.exp(exponentials[i]);
      }
      double sum = Arrays.stream(exponentials).sum();
      loss -= weight * Math.log(exponentials[2] / sum);
      for (int i = 0; i < 3; i++) {
        double slope = weight * (exponentials[i] / sum - (i == 2 ? 1 : 0));
        for (int l = 0; l < 4; l++) {
          assertThat(gradient.getDouble(l, i)).isCloseTo(slope * input.at(l), within(1e-6));
        }
      }
    }
    assertThat(graph.score()).isCloseTo(loss, within(1e-6));
    graph.close();
  }

  /** Srivastava et al. (2014), scaled while training, so that nothing is left to do afterwards. */
  @Test
  void dropoutDropsItsPartAndScalesTheRest() {
    SplittableRandom random = new SplittableRandom(8);
    Shape shape = Shape.of(20, 10, 10);
    Tensor[] inputs = randoms(shape, random);
    Tensor[] outputGradients = randoms(shape, random);
    try (SingleLayer engine = new SingleLayer(new LayerSpec.Dropout(0.4), shape, true)) {
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

  /** The layers themselves; that their definitions agree is tested there. */
  @Test
  void aTiledLayerOfPeriodOneIsTheOrdinaryOneAndOfTheMapsSizeTheUnsharedOne() {
    SplittableRandom random = new SplittableRandom(6);
    Shape shape = Shape.of(3, 9, 8);
    Tensor[] inputs = randoms(shape, random);
    LayerSpec.Convolving ordinary = new LayerSpec.Convolution(4, 3, 2, 1, 1, 1, true);
    Tensor kernels = Tensor.random(ordinary.sum(shape).weights(shape), random);
    Tensor biases = Tensor.random(Shape.of(4), random);
    LayerSpec.Convolving one = new LayerSpec.TiledConvolution(4, 3, 1, 2, 1);
    same(
        "period 1",
        output(one, inputs, Tensor.of(one.sum(shape).weights(shape), kernels.values()), biases),
        output(ordinary, inputs, kernels, biases));
    LayerSpec.Convolving unshared = new LayerSpec.UnsharedConvolution(2, 3, 2, 1);
    LayerSpec.Convolving tiled = new LayerSpec.TiledConvolution(2, 3, 5, 2, 1);
    Shape from = unshared.sum(shape).weights(shape);
    Shape to = tiled.sum(shape).weights(shape);
    Tensor own = Tensor.random(from, random);
    double[] moved = new double[(int) to.count()];
    SingleLayer.each(
        from, (place, at) -> moved[to.at(at[0], at[3], at[4], at[5], at[1], at[2])] = own.at(at));
    Tensor owns = Tensor.random(Shape.of(2 * 5 * 4), random);
    same(
        "period of the map's size",
        output(tiled, inputs, Tensor.of(to, moved), owns),
        output(unshared, inputs, own, owns));
  }

  /** Of more windows than are multiplied at once, in one image and in all of them. */
  @Test
  void aLargeTiledLayerIsComputedInPieces() {
    SplittableRandom random = new SplittableRandom(9);
    Shape shape = Shape.of(8, 128, 128);
    LayerSpec.Convolving ordinary = new LayerSpec.Convolution(3, 3, 1, 1, 1, 1, true);
    LayerSpec.Convolving tiled = new LayerSpec.TiledConvolution(3, 3, 1, 1, 1);
    Tensor kernels = Tensor.random(ordinary.sum(shape).weights(shape), random);
    Tensor tiles = Tensor.of(tiled.sum(shape).weights(shape), kernels.values());
    Tensor biases = Tensor.random(Shape.of(3), random);
    Tensor[] inputs =
        IntStream.range(0, 33).mapToObj(i -> Tensor.random(shape, random)).toArray(Tensor[]::new);
    Tensor[] outputGradients =
        IntStream.range(0, 33)
            .mapToObj(i -> Tensor.random(Shape.of(3, 128, 128), random))
            .toArray(Tensor[]::new);
    try (SingleLayer one = new SingleLayer(ordinary, shape, true);
        SingleLayer other = new SingleLayer(tiled, shape, true)) {
      one.begin(kernels, biases);
      other.begin(tiles, biases);
      Tensor[] outputs = one.forward(inputs);
      Tensor[] otherOutputs = other.forward(inputs);
      Tensor[] gradients = one.backward(outputGradients);
      Tensor[] otherGradients = other.backward(outputGradients);
      for (int example = 0; example < inputs.length; example++) {
        same("output " + example, otherOutputs[example], outputs[example]);
        same("gradient " + example, otherGradients[example], gradients[example]);
      }
      same("weights", other.weightGradient(tiles.shape()), one.weightGradient(kernels.shape()));
      same("biases", other.biasGradient(biases.shape()), one.biasGradient(biases.shape()));
    }
  }

  private static Tensor output(LayerSpec layer, Tensor[] inputs, Tensor weights, Tensor biases) {
    try (SingleLayer engine = new SingleLayer(layer, inputs[0].shape(), true)) {
      engine.begin(weights, biases);
      return engine.forward(inputs)[0];
    }
  }

  @Test
  void aPaddedShortcutTakesEveryOtherPlaceAndAddsZeros() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels("shortcut", random);
      LayerSpec.PaddedShortcut layer =
          (LayerSpec.PaddedShortcut) layer("shortcut", channels, random);
      Shape shape = input(channels, layer, random);
      int stride = layer.stride();
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(layer.output(shape), random);
      try (SingleLayer engine = new SingleLayer(layer, shape, true)) {
        Tensor output = engine.forward(inputs)[1];
        Tensor gradient = engine.backward(outputGradients)[1];
        Shape out = layer.output(shape);
        for (int i = 0; i < out.size(0); i++) {
          for (int j = 0; j < out.size(1); j++) {
            for (int k = 0; k < out.size(2); k++) {
              double expected = i < channels ? inputs[1].at(i, j * stride, k * stride) : 0;
              assertThat((float) output.at(i, j, k)).isEqualTo((float) expected);
              if (i < channels) {
                assertThat((float) gradient.at(i, j * stride, k * stride))
                    .isEqualTo((float) outputGradients[1].at(i, j, k));
              }
            }
          }
        }
        assertThat(LongStream.range(0, shape.count()).filter(p -> gradient.values()[(int) p] != 0))
            .hasSize(channels * out.size(1) * out.size(2));
      }
    }
  }

  @Test
  void localResponseNormalizationIsThePapersFormula() {
    SplittableRandom random = new SplittableRandom(2);
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(1, 9), random.nextInt(1, 5), random.nextInt(1, 5));
      Tensor[] inputs = scaled(randoms(shape, random));
      Tensor[] outputGradients = randoms(shape, random);
      LayerSpec layer = new LayerSpec.LocalResponseNormalization();
      try (SingleLayer engine = new SingleLayer(layer, shape, true)) {
        Tensor output = engine.forward(inputs)[1];
        Tensor gradient = engine.backward(outputGradients)[1];
        same("output", output, normalized(inputs[1]));
        same(
            "gradient",
            gradient,
            slopes(inputs[1], other -> normalized(other).dot(outputGradients[1])));
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

  private static Tensor[] randoms(Shape shape, SplittableRandom random) {
    return new Tensor[] {Tensor.random(shape, random), Tensor.random(shape, random)};
  }

  private static Tensor sum(Tensor one, Tensor two) {
    double[] a = one.values();
    double[] b = two.values();
    return Tensor.of(
        one.shape(), IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray());
  }

  /** The bias of an output: one a filter, or one a filter and tile. */
  private static int bias(Shape biases, int i, int j, int k) {
    return biases.rank() == 1 ? i : biases.at(i, j % biases.size(1), k % biases.size(2));
  }

  private static Tensor plus(Tensor map, Tensor biases, Shape shape) {
    double[] values = map.values();
    double[] added = biases.values();
    if (added.length > 0) {
      eachPlace(map.shape(), (place, i, j, k) -> values[place] += added[bias(shape, i, j, k)]);
    }
    return Tensor.of(map.shape(), values);
  }

  private static Tensor biasGradient(Tensor outputGradient, Shape flat, Shape shape) {
    double[] gradient = new double[(int) flat.count()];
    double[] values = outputGradient.values();
    if (gradient.length > 0) {
      eachPlace(
          outputGradient.shape(),
          (place, i, j, k) -> gradient[bias(shape, i, j, k)] += values[place]);
    }
    return Tensor.of(flat, gradient);
  }

  private interface Place {
    void visit(int place, int i, int j, int k);
  }

  private static void eachPlace(Shape map, Place visitor) {
    int width = map.rank() == 3 ? map.size(2) : 1;
    int height = map.rank() == 3 ? map.size(1) : 1;
    for (int place = 0; place < map.count(); place++) {
      visitor.visit(place, place / width / height, place / width % height, place % width);
    }
  }

  private static void same(String what, Tensor actual, Tensor expected) {
    assertThat(actual.shape().count()).as(what).isEqualTo(expected.shape().count());
    double[] a = actual.values();
    double[] b = expected.values();
    double largest = IntStream.range(0, b.length).mapToDouble(i -> Math.abs(b[i])).max().orElse(0);
    double difference =
        IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElse(0);
    assertThat(difference).as(what).isLessThan(PRECISION * (1 + largest));
  }
}
