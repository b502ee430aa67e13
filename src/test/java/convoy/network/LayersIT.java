package convoy.network;

import static convoy.network.Tensors.eachPlace;
import static convoy.network.Tensors.randoms;
import static convoy.network.Tensors.same;
import static org.assertj.core.api.Assertions.assertThat;

import convoy.convolution.Area;
import convoy.convolution.Pooling;
import convoy.convolution.Shape;
import convoy.convolution.SumOfProducts;
import convoy.convolution.Tensor;
import convoy.convolution.Window;
import convoy.network.architecture.LayerSpec;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every layer with a window against its definition in plain Java, forward and backward, over random
 * shapes, on every engine that has it. One at a time: Deeplearning4j's kernels are chosen for the
 * whole process.
 */
class LayersIT {
  private static final int TRIALS = 20;

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
    "ordinary, TORCH",
    "ordinary, TORCH_PLAIN",
    "ordinary, DL4J",
    "ordinary, DL4J_PLAIN",
    "dilated, TORCH",
    "dilated, TORCH_PLAIN",
    "dilated, DL4J",
    "dilated, DL4J_PLAIN",
    "grouped, TORCH",
    "grouped, TORCH_PLAIN",
    "pointwise, TORCH",
    "pointwise, TORCH_PLAIN",
    "pointwise, DL4J",
    "pointwise, DL4J_PLAIN",
    "depthwise, TORCH",
    "depthwise, TORCH_PLAIN",
    "depthwise, DL4J",
    "depthwise, DL4J_PLAIN",
    "transposed, TORCH",
    "transposed, TORCH_PLAIN",
    "transposed, DL4J",
    "transposed, DL4J_PLAIN",
    "tiled, TORCH",
    "tiled, TORCH_PLAIN",
    "unshared, TORCH",
    "unshared, TORCH_PLAIN",
    "dense, TORCH",
    "dense, TORCH_PLAIN"
  })
  void kernelsComputeTheirDefinition(String kind, SingleLayer.Kind engine) {
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels(kind, random);
      LayerSpec layer = layer(kind, channels, random);
      Shape shape = input(channels, layer, random);
      try (SingleLayer single = SingleLayer.of(engine, layer, shape)) {
        computesItsDefinition(single, layer, shape, random);
      }
    }
  }

  /** As many channels as a window has rows: a shape does not tell them apart. */
  @ParameterizedTest
  @EnumSource
  void aDepthwiseLayerOfThreeChannelsAndRowsComputesItsDefinition(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(2);
    Shape shape = Shape.of(3, 6, 5);
    LayerSpec layer = new LayerSpec.DepthwiseConvolution(1, 3, 1, 1, true);
    try (SingleLayer single = SingleLayer.of(which, layer, shape)) {
      computesItsDefinition(single, layer, shape, random);
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
  @CsvSource({
    "max, TORCH", "max, TORCH_PLAIN", "max, DL4J", "max, DL4J_PLAIN",
    "average, TORCH", "average, TORCH_PLAIN", "average, DL4J", "average, DL4J_PLAIN"
  })
  void poolingComputesItsDefinition(String kind, SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(kind.hashCode());
    for (int trial = 0; trial < TRIALS; trial++) {
      int channels = channels(kind, random);
      LayerSpec.Pooled layer = (LayerSpec.Pooled) layer(kind, channels, random);
      Shape shape = input(channels, layer, random);
      Pooling pooling = layer.operation();
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(pooling.output(shape), random);
      try (SingleLayer engine = SingleLayer.of(which, layer, shape)) {
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
  @EnumSource
  void globalAveragePoolingIsPoolingOverTheWholeMap(SingleLayer.Kind which) {
    SplittableRandom random = new SplittableRandom(3);
    for (int trial = 0; trial < TRIALS; trial++) {
      Shape shape = Shape.of(random.nextInt(1, 9), random.nextInt(1, 9), random.nextInt(1, 9));
      Area whole = new Area(Window.valid(shape.size(1)), Window.valid(shape.size(2)));
      Pooling pooling = new Pooling(Pooling.Kind.AVERAGE, whole);
      Tensor[] inputs = randoms(shape, random);
      Tensor[] outputGradients = randoms(Shape.of(shape.size(0)), random);
      try (SingleLayer engine =
          SingleLayer.of(which, new LayerSpec.GlobalAveragePooling(), shape)) {
        Tensor output = engine.forward(inputs)[1];
        Tensor gradient = engine.backward(outputGradients)[1];
        Tensor above = Tensor.of(pooling.output(shape), outputGradients[1].values());
        same("output of " + shape, output, pooling.value(inputs[1]));
        same("gradient of " + shape, gradient, pooling.inputGradient(inputs[1], above));
      }
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

  private static Tensor output(LayerSpec layer, Tensor[] inputs, Tensor weights, Tensor biases) {
    try (SingleLayer engine = SingleLayer.of(SingleLayer.Kind.TORCH, layer, inputs[0].shape())) {
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
      try (SingleLayer engine = SingleLayer.of(SingleLayer.Kind.TORCH, layer, shape)) {
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
}
