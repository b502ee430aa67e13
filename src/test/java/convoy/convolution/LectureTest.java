package convoy.convolution;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The lecture's worked examples, one test a slide. */
class LectureTest {
  private static final Tensor INPUT_5X5 =
      Tensor.of(
          Shape.of(1, 5, 5),
          1,
          2,
          3,
          4,
          5,
          2,
          1,
          0,
          1,
          2,
          3,
          0,
          1,
          1,
          0,
          1,
          4,
          1,
          1,
          2,
          2,
          1,
          1,
          0,
          0);
  private static final double[] KERNEL_3X3 = {1, 0, 1, 1, 0, 1, 0, 1, 0};
  private static final double[] CURVE_FILTER = {
    0, 0, 0, 0, 0, 30, 0,
    0, 0, 0, 0, 30, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0
  };

  private static Area area(int size, UnaryOperator<Window> change) {
    return Area.square(change.apply(Window.valid(size)));
  }

  private static Area area(int size) {
    return area(size, UnaryOperator.identity());
  }

  private static double[] apply(Convolution convolution, Tensor input, double... kernel) {
    Tensor weights = Tensor.of(convolution.weights(input.shape()), kernel);
    return convolution.value(input, weights).values();
  }

  @Test
  void oneDimensionalConvolution() {
    // The spaceship's position, noisy, weighted towards recent measurements:
    // s(t) = sum over a of x(a) w(t - a).
    double[] x = {1, 2, 4, 7};
    double[] w = {0.5, 0.3, 0.2};
    double[] s =
        new Convolution1d(Window.full(3), Orientation.CONVOLUTION)
            .value(Tensor.of(Shape.of(4), x), Tensor.of(Shape.of(3), w))
            .values();
    double[] expected = new double[6];
    for (int t = 0; t < 6; t++) {
      for (int a = 0; a <= t; a++) {
        expected[t] += a < 4 && t - a < 3 ? x[a] * w[t - a] : 0;
      }
    }
    assertThat(s).containsExactly(expected);
  }

  @Test
  void hadamardProduct() {
    Tensor a = Tensor.of(Shape.of(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9);
    Tensor b = Tensor.of(Shape.of(3, 3), 9, 8, 7, 6, 5, 4, 3, 2, 1);
    assertThat(new HadamardProduct().value(a, b).values())
        .containsExactly(9, 16, 21, 24, 25, 24, 21, 16, 9);
  }

  @Test
  void twoDimensionalConvolutionOperation() {
    assertThat(apply(Convolution.of(1, area(3)), INPUT_5X5, KERNEL_3X3))
        .containsExactly(6, 9, 11, 10, 4, 4, 7, 7, 4);
  }

  @Test
  void kernelAsFeatureIdentifierOnAMatchingField() {
    double[] field = {
      0, 0, 0, 0, 0, 0, 30,
      0, 0, 0, 0, 50, 50, 50,
      0, 0, 0, 20, 50, 0, 0,
      0, 0, 0, 50, 50, 0, 0,
      0, 0, 0, 50, 50, 0, 0,
      0, 0, 0, 50, 50, 0, 0,
      0, 0, 0, 50, 50, 0, 0
    };
    assertThat(apply(Convolution.of(1, area(7)), Tensor.of(Shape.of(1, 7, 7), field), CURVE_FILTER))
        .containsExactly(50 * 30 + 20 * 30 + 50 * 30 + 50 * 30 + 50 * 30)
        .containsExactly(6600);
  }

  @Test
  void kernelAsFeatureIdentifierOnAnotherField() {
    double[] field = {
      0, 0, 0, 0, 0, 0, 0,
      0, 40, 0, 0, 0, 0, 0,
      40, 0, 40, 0, 0, 0, 0,
      40, 20, 0, 0, 0, 0, 0,
      0, 50, 0, 0, 0, 0, 0,
      0, 0, 50, 0, 0, 0, 0,
      25, 25, 0, 50, 0, 0, 0
    };
    assertThat(apply(Convolution.of(1, area(7)), Tensor.of(Shape.of(1, 7, 7), field), CURVE_FILTER))
        .containsExactly(0);
  }

  @Test
  void threeChannelsMakeOneFeatureMapAFilter() {
    Shape input = Shape.of(3, 6, 6);
    assertThat(Convolution.of(1, area(3)).weights(input)).isEqualTo(Shape.of(1, 3, 3, 3));
    assertThat(Convolution.of(1, area(3)).output(input)).isEqualTo(Shape.of(1, 4, 4));
    assertThat(Convolution.of(2, area(3)).output(input)).isEqualTo(Shape.of(2, 4, 4));
    // Three channels at once are the sum of each channel alone.
    Tensor x = Tensor.of(input, IntStream.range(0, 108).mapToDouble(i -> i % 7).toArray());
    double[] kernel = IntStream.range(0, 27).mapToDouble(i -> i % 5 - 2).toArray();
    double[] sum = new double[16];
    for (int channel = 0; channel < 3; channel++) {
      double[] plane = java.util.Arrays.copyOfRange(x.values(), channel * 36, channel * 36 + 36);
      double[] slice = java.util.Arrays.copyOfRange(kernel, channel * 9, channel * 9 + 9);
      double[] part = apply(Convolution.of(1, area(3)), Tensor.of(Shape.of(1, 6, 6), plane), slice);
      for (int i = 0; i < 16; i++) {
        sum[i] += part[i];
      }
    }
    assertThat(apply(Convolution.of(1, area(3)), x, kernel)).containsExactly(sum);
  }

  @Test
  void stride() {
    assertThat(apply(Convolution.of(1, area(3, w -> w.strided(2))), INPUT_5X5, KERNEL_3X3))
        .containsExactly(6, 11, 7, 4);
  }

  @Test
  void zeroPaddingKeepsTheSize() {
    Area same = Area.square(Window.same(3));
    Tensor weights = Tensor.of(Shape.of(1, 1, 3, 3), KERNEL_3X3);
    Tensor map = Convolution.of(1, same).value(INPUT_5X5, weights);
    assertThat(map.shape()).isEqualTo(Shape.of(1, 5, 5));
    // The middle is the map without padding; a corner sees four pixels only.
    assertThat(map.at(0, 1, 1)).isEqualTo(6);
    assertThat(map.at(0, 3, 3)).isEqualTo(4);
    assertThat(map.at(0, 0, 0)).isEqualTo(2 * 1 + 2 * 1);
  }

  @Test
  void poolingHalves() {
    Tensor map = Tensor.of(Shape.of(1, 4, 4), 1, 3, 2, 9, 7, 4, 1, 5, 8, 5, 2, 3, 4, 2, 1, 4);
    Area halves = area(2, w -> w.strided(2));
    assertThat(new Pooling(Pooling.Kind.MAX, halves).value(map).values())
        .containsExactly(7, 9, 8, 4);
    assertThat(new Pooling(Pooling.Kind.AVERAGE, halves).value(map).values())
        .containsExactly(3.75, 4.25, 4.75, 2.5);
    assertThat(new Pooling(Pooling.Kind.MAX, halves).output(Shape.of(64, 224, 224)))
        .isEqualTo(Shape.of(64, 112, 112));
  }

  @Test
  void crossCorrelationIsConvolutionWithoutTheFlip() {
    double[] flipped = {0, 1, 0, 1, 0, 1, 1, 0, 1};
    Convolution convolution = new Convolution(1, 1, area(3), Orientation.CONVOLUTION);
    assertThat(apply(convolution, INPUT_5X5, flipped))
        .containsExactly(apply(Convolution.of(1, area(3)), INPUT_5X5, KERNEL_3X3));
    assertThat(apply(convolution, INPUT_5X5, KERNEL_3X3))
        .isNotEqualTo(apply(Convolution.of(1, area(3)), INPUT_5X5, KERNEL_3X3));
  }

  @Test
  void dimensionFormula() {
    // AlexNet: (227 - 11) / 4 + 1 = 55, pooled (55 - 3) / 2 + 1 = 27.
    assertThat(Window.valid(11).strided(4).output(227)).isEqualTo(55);
    assertThat(Window.valid(3).strided(2).output(55)).isEqualTo(27);
    assertThat(Window.valid(5).padded(2).output(27)).isEqualTo(27);
    // Floored where the stride does not divide.
    assertThat(Window.valid(3).strided(2).output(6)).isEqualTo(2);
    assertThat(Window.valid(7).strided(2).padded(3).output(224)).isEqualTo(112);
  }

  @Test
  void smallFiltersHaveTheReceptiveFieldOfLargeOnesWithFewerParameters() {
    Window three = Window.valid(3);
    ReceptiveField field = ReceptiveField.INPUT.through(three).through(three).through(three);
    assertThat(field.size()).isEqualTo(7);
    Shape input = Shape.of(64, 56, 56);
    long small = 3 * Convolution.of(64, area(3)).weights(input).count();
    long large = Convolution.of(64, area(7)).weights(input).count();
    assertThat(small).isEqualTo(3 * 9 * 64 * 64);
    assertThat(large).isEqualTo(49 * 64 * 64);
  }

  @Test
  void oneByOneConvolution() {
    Shape input = Shape.of(192, 28, 28);
    Convolution five = Convolution.of(32, Area.square(Window.same(5)));
    Convolution reduce = Convolution.pointwise(16);
    assertThat(five.multiplications(input)).isEqualTo(120_422_400);
    assertThat(reduce.multiplications(input) + five.multiplications(reduce.output(input)))
        .isEqualTo(12_443_648);
  }

  @Test
  void naiveInceptionModule() {
    Shape input = Shape.of(256, 28, 28);
    assertThat(
            Convolution.pointwise(128).multiplications(input)
                + Convolution.of(192, Area.square(Window.same(3))).multiplications(input)
                + Convolution.of(96, Area.square(Window.same(5))).multiplications(input))
        .isEqualTo(854_196_224);
  }

  @Test
  void inceptionModuleWithBottlenecks() {
    Shape input = Shape.of(256, 28, 28);
    Shape reduced = Convolution.pointwise(64).output(input);
    long reductions = 3 * Convolution.pointwise(64).multiplications(input);
    long three = Convolution.of(192, Area.square(Window.same(3))).multiplications(reduced);
    long right =
        reductions
            + Convolution.pointwise(128).multiplications(input)
            + three
            + Convolution.of(96, Area.square(Window.same(5))).multiplications(reduced);
    assertThat(right).isEqualTo(271_351_808);
    // The slide's 358 M has the 3x3 convolution twice.
    assertThat(right + three).isEqualTo(358_055_936);
  }

  @Test
  void fullyConnectedModel() {
    // Every unit of the next layer depends on all five; the convolution's on three.
    Shape five = Shape.of(5);
    assertThat(new FullyConnected(5).weights(five).count()).isEqualTo(25);
    assertThat(
            new Convolution1d(Window.same(3), Orientation.CROSS_CORRELATION).weights(five).count())
        .isEqualTo(3);
    assertThat(new FullyConnected(4096).weights(Shape.of(512, 7, 7)).count())
        .isEqualTo(102_760_448);
  }

  @Test
  void unsharedConvolutionHasAKernelAPlace() {
    Shape input = Shape.of(3, 9, 9);
    UnsharedConvolution unshared = new UnsharedConvolution(4, area(3));
    assertThat(unshared.weights(input)).isEqualTo(Shape.of(4, 7, 7, 3, 3, 3));
    assertThat(unshared.weights(input).count())
        .isEqualTo(49 * Convolution.of(4, area(3)).weights(input).count());
  }

  @Test
  void tiledConvolutionRepeatsItsKernels() {
    // A kernel of one pixel shows the pattern: output (j, k) is kernel (j % 2, k % 2).
    TiledConvolution tiled = new TiledConvolution(1, 2, area(1));
    Tensor ones =
        Tensor.of(Shape.of(1, 3, 4), IntStream.range(0, 12).mapToDouble(i -> 1).toArray());
    Tensor kernels = Tensor.of(tiled.weights(ones.shape()), 1, 2, 3, 4);
    assertThat(tiled.value(ones, kernels).values())
        .containsExactly(1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2);
  }

  @Test
  void tiledConvolutionsMemoryGrowsWithTheKernelOnly() {
    TiledConvolution tiled = new TiledConvolution(4, 2, area(3));
    assertThat(tiled.weights(Shape.of(3, 9, 9)).count()).isEqualTo(4 * 3 * 9 * 4);
    assertThat(tiled.weights(Shape.of(3, 99, 99)).count()).isEqualTo(4 * 3 * 9 * 4);
  }
}
