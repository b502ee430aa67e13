package convoy.convolution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.core.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Laws of the operations, over random shapes. */
class OperationsTest {
  private static final int TRIALS = 40;
  private static final double NUDGE = 1e-3;

  /** An operation and a shape that it applies to. */
  private record Case(SumOfProducts operation, Shape input) {}

  private static Window window(SplittableRandom random, int smallest) {
    int size = random.nextInt(1, 4);
    int dilation = random.nextInt(1, 3);
    int room = (size - 1) * dilation;
    return new Window(
        size,
        random.nextInt(1, 4),
        Math.min(random.nextInt(0, 3), room),
        Math.max(Math.min(random.nextInt(0, 3), room), smallest),
        dilation);
  }

  private static List<Case> cases(SplittableRandom random) {
    Area area = new Area(window(random, 0), window(random, 0));
    Shape input =
        Shape.of(
            2 * random.nextInt(1, 3),
            area.rows().extent() + random.nextInt(0, 4),
            area.columns().extent() + random.nextInt(0, 4));
    int channels = input.size(0);
    int filters = 2 * random.nextInt(1, 3);
    Orientation orientation = Orientation.values()[random.nextInt(2)];
    return List.of(
        new Case(new Convolution(filters, 1, area, orientation), input),
        new Case(Convolution.grouped(filters, 2, area), input),
        new Case(Convolution.depthwise(channels, 2, area), input),
        new Case(Convolution.pointwise(filters), input),
        new Case(new TiledConvolution(filters, random.nextInt(1, 5), area), input),
        new Case(new UnsharedConvolution(filters, area), input),
        new Case(new TransposedConvolution(filters, area), input),
        new Case(new FullyConnected(filters), input),
        new Case(new HadamardProduct(), input),
        new Case(
            new Convolution1d(area.columns(), orientation),
            Shape.of(area.columns().extent() + random.nextInt(0, 4))));
  }

  private static void everywhere(java.util.function.BiConsumer<Case, SplittableRandom> law) {
    SplittableRandom random = new SplittableRandom(7);
    for (int trial = 0; trial < TRIALS; trial++) {
      cases(random).forEach(c -> law.accept(c, random));
    }
  }

  private static double slope(Tensor at, int place, Function<Tensor, Double> loss) {
    return (loss.apply(at.nudged(place, NUDGE)) - loss.apply(at.nudged(place, -NUDGE)))
        / (2 * NUDGE);
  }

  private static void checkGradient(
      Object what, Tensor at, Tensor gradient, Function<Tensor, Double> loss) {
    for (int place = 0; place < gradient.shape().count(); place += 1 + place / 9) {
      assertThat(gradient.value(place))
          .as("%s at %d", what, place)
          .isCloseTo(slope(at, place, loss), within(1e-6));
    }
  }

  @Test
  void gradientsAreTheSlopesOfTheValue() {
    everywhere(
        (c, random) -> {
          Tensor x = Tensor.random(c.input, random);
          Tensor w = Tensor.random(c.operation.weights(c.input), random);
          Tensor dz = Tensor.random(c.operation.output(c.input), random);
          checkGradient(
              c,
              x,
              c.operation.inputGradient(c.input, w, dz),
              other -> c.operation.value(other, w).dot(dz));
          checkGradient(
              c,
              w,
              c.operation.weightGradient(x, dz),
              other -> c.operation.value(x, other).dot(dz));
        });
  }

  @Test
  void theMultiplicationFormulaCountsTheDefinitionsProducts() {
    everywhere(
        (c, random) -> {
          AtomicLong products = new AtomicLong();
          c.operation.define(c.input, (z, i, k) -> products.incrementAndGet());
          assertThat(c.operation.multiplications(c.input)).as("%s", c).isEqualTo(products.get());
        });
  }

  @Test
  void everyWeightAndOutputIsUsed() {
    everywhere(
        (c, random) -> {
          boolean[] outputs = new boolean[(int) c.operation.output(c.input).count()];
          boolean[] weights = new boolean[(int) c.operation.weights(c.input).count()];
          c.operation.define(
              c.input,
              (z, i, k) -> {
                weights[k] = true;
                if (z != Products.ZERO) {
                  outputs[z] = true;
                }
              });
          assertThat(weights).as("%s", c).doesNotContain(false);
          // A transposed convolution with a stride beyond its window leaves holes.
          if (!(c.operation instanceof TransposedConvolution)) {
            assertThat(outputs).as("%s", c).doesNotContain(false);
          }
        });
  }

  private static Area randomArea(SplittableRandom random) {
    return new Area(window(random, 0), window(random, 0));
  }

  private static Tensor randomMap(SplittableRandom random, Area area) {
    return Tensor.random(
        Shape.of(3, area.rows().extent() + 3, area.columns().extent() + 2), random);
  }

  private static void same(Tensor one, Tensor two) {
    assertThat(one.shape().count()).isEqualTo(two.shape().count());
    assertThat(one.values()).containsExactly(two.values(), within(1e-9));
  }

  @Test
  void aPeriodOfOneIsTheOrdinaryConvolution() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < TRIALS; trial++) {
      Area area = randomArea(random);
      Tensor x = randomMap(random, area);
      TiledConvolution tiled = new TiledConvolution(2, 1, area);
      Tensor w = Tensor.random(tiled.weights(x.shape()), random);
      Convolution ordinary = Convolution.of(2, area);
      same(
          tiled.value(x, w), ordinary.value(x, Tensor.of(ordinary.weights(x.shape()), w.values())));
    }
  }

  @Test
  void aPeriodOfTheMapsSizeIsTheUnsharedConvolution() {
    SplittableRandom random = new SplittableRandom(2);
    for (int trial = 0; trial < TRIALS; trial++) {
      Area area = randomArea(random);
      Tensor x = randomMap(random, area);
      UnsharedConvolution unshared = new UnsharedConvolution(2, area);
      TiledConvolution tiled = new TiledConvolution(2, 99, area);
      Tensor w = Tensor.random(unshared.weights(x.shape()), random);
      Shape from = unshared.weights(x.shape());
      Shape to = tiled.weights(x.shape());
      double[] moved = new double[(int) to.count()];
      Sums.over(
          unshared.output(x.shape()),
          from.size(3),
          area,
          (i, j, k, l, m, n) -> moved[to.at(i, l, m, n, j, k)] = w.at(i, j, k, l, m, n));
      same(unshared.value(x, w), tiled.value(x, Tensor.of(to, moved)));
      assertThat(tiled.biases(x.shape())).isEqualTo(unshared.biases(x.shape()));
    }
  }

  @Test
  void aTransposedConvolutionIsTheInputGradientOfTheOrdinaryOne() {
    SplittableRandom random = new SplittableRandom(3);
    for (int trial = 0; trial < TRIALS; trial++) {
      Area area = randomArea(random);
      Tensor x = randomMap(random, area);
      TransposedConvolution transposed = new TransposedConvolution(2, area);
      Tensor w = Tensor.random(transposed.weights(x.shape()), random);
      Shape large = transposed.output(x.shape());
      same(transposed.value(x, w), Convolution.of(3, area).inputGradient(large, w, x));
    }
  }

  @Test
  void aStrideTakesEveryOtherPlace() {
    SplittableRandom random = new SplittableRandom(4);
    Tensor x = Tensor.random(Shape.of(2, 9, 8), random);
    Convolution strided = Convolution.of(3, Area.square(Window.valid(3).strided(2)));
    Convolution dense = Convolution.of(3, Area.square(Window.valid(3)));
    Tensor w = Tensor.random(dense.weights(x.shape()), random);
    Tensor few = strided.value(x, w);
    Tensor all = dense.value(x, w);
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < few.shape().size(1); j++) {
        for (int k = 0; k < few.shape().size(2); k++) {
          assertThat(few.at(i, j, k)).isEqualTo(all.at(i, 2 * j, 2 * k));
        }
      }
    }
  }

  @Test
  void aDilatedKernelIsALargeKernelWithHoles() {
    SplittableRandom random = new SplittableRandom(5);
    Tensor x = Tensor.random(Shape.of(1, 9, 9), random);
    Convolution dilated = Convolution.of(1, Area.square(Window.valid(3).dilated(2)));
    Convolution large = Convolution.of(1, Area.square(Window.valid(5)));
    Tensor w = Tensor.random(dilated.weights(x.shape()), random);
    double[] holes = new double[25];
    for (int m = 0; m < 3; m++) {
      for (int n = 0; n < 3; n++) {
        holes[2 * m * 5 + 2 * n] = w.at(0, 0, m, n);
      }
    }
    same(dilated.value(x, w), large.value(x, Tensor.of(Shape.of(1, 1, 5, 5), holes)));
  }

  @Test
  void groupsAreConvolutionsSideBySide() {
    SplittableRandom random = new SplittableRandom(6);
    Area area = Area.square(Window.same(3));
    Tensor x = Tensor.random(Shape.of(4, 5, 5), random);
    Convolution grouped = Convolution.grouped(6, 2, area);
    Tensor w = Tensor.random(grouped.weights(x.shape()), random);
    double[] both = grouped.value(x, w).values();
    for (int group = 0; group < 2; group++) {
      Tensor half = Tensor.of(Shape.of(2, 5, 5), part(x, group));
      Tensor weights = Tensor.of(Shape.of(3, 2, 3, 3), part(w, group));
      assertThat(Convolution.of(3, area).value(half, weights).values())
          .containsExactly(Arrays.copyOfRange(both, group * 75, group * 75 + 75), within(1e-12));
    }
  }

  private static double[] part(Tensor tensor, int half) {
    int length = (int) tensor.shape().count() / 2;
    return Arrays.copyOfRange(tensor.values(), half * length, half * length + length);
  }

  @Test
  void aSeparableConvolutionsGradientsAreItsSlopes() {
    SplittableRandom random = new SplittableRandom(8);
    SeparableConvolution separable =
        SeparableConvolution.of(3, 2, 4, Area.square(Window.same(3).strided(2)));
    Tensor x = Tensor.random(Shape.of(3, 6, 5), random);
    Tensor wd = Tensor.random(separable.depthwise().weights(x.shape()), random);
    Shape between = separable.depthwise().output(x.shape());
    Tensor wp = Tensor.random(separable.pointwise().weights(between), random);
    Tensor dz = Tensor.random(separable.output(x.shape()), random);
    checkGradient(
        "input",
        x,
        separable.inputGradient(x.shape(), wd, wp, dz),
        other -> separable.value(other, wd, wp).dot(dz));
    checkGradient(
        "depthwise",
        wd,
        separable.depthwiseGradient(x, wp, dz),
        other -> separable.value(x, other, wp).dot(dz));
    checkGradient(
        "pointwise",
        wp,
        separable.pointwiseGradient(x, wd, dz),
        other -> separable.value(x, wd, other).dot(dz));
    assertThat(separable.multiplications(x.shape())).isEqualTo(6 * 9 * 3 * 3 + 4 * 6 * 3 * 3);
    assertThat(separable.parameters(x.shape())).isEqualTo(6 * 9 + 4 * 6 + 4);
  }

  @Test
  void poolingsGradientsAreItsSlopes() {
    SplittableRandom random = new SplittableRandom(9);
    for (int trial = 0; trial < TRIALS; trial++) {
      Area area = randomArea(random);
      Tensor x = randomMap(random, area);
      for (Pooling.Kind kind : Pooling.Kind.values()) {
        Pooling pooling = new Pooling(kind, area);
        Tensor dz = Tensor.random(pooling.output(x.shape()), random);
        checkGradient(
            pooling, x, pooling.inputGradient(x, dz), other -> pooling.value(other).dot(dz));
      }
    }
  }

  @Test
  void receptiveFieldsOfLayersAfterOneAnother() {
    SplittableRandom random = new SplittableRandom(10);
    for (int trial = 0; trial < TRIALS; trial++) {
      Window first = window(random, 0);
      Window second = window(random, 0);
      int input = 40;
      int middle = first.output(input);
      int at = second.output(middle) / 2;
      int low = first.at(second.at(at, 0), 0);
      int high = first.at(second.at(at, second.size() - 1), first.size() - 1);
      assertThat(ReceptiveField.INPUT.through(first).through(second).size())
          .isEqualTo(high - low + 1);
    }
  }

  @Test
  void aReceptiveFieldIsWhatAnOutputDependsOn() {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < TRIALS; trial++) {
      for (Case c : cases(random)) {
        boolean map = c.input.rank() == 3;
        // Large enough for a window that lies within.
        Shape input =
            map
                ? Shape.of(c.input.size(0), c.input.size(1) + 9, c.input.size(2) + 9)
                : Shape.of(c.input.size(0) + 9);
        double size = c.operation.receptiveField(ReceptiveField.INPUT, input).size();
        int longest = Math.max(extent(c.operation, input, 0), extent(c.operation, input, 1));
        if (c.operation instanceof TransposedConvolution transposed && dilated(transposed)) {
          assertThat(longest).as("%s", c).isLessThanOrEqualTo((int) size);
        } else if (c.operation instanceof FullyConnected) {
          assertThat(size).isEqualTo(Math.max(input.size(1), input.size(2)));
        } else {
          assertThat(longest).as("%s", c).isEqualTo((int) size);
        }
      }
    }
  }

  private static boolean dilated(TransposedConvolution operation) {
    return operation.area().rows().dilation() > 1 || operation.area().columns().dilation() > 1;
  }

  /** Of the input's places, along an axis, that an output is a sum over: the most of any output. */
  private static int extent(SumOfProducts operation, Shape input, int axis) {
    boolean map = input.rank() == 3;
    int outputs = (int) operation.output(input).count();
    int[] low = new int[outputs];
    int[] high = new int[outputs];
    Arrays.fill(low, Integer.MAX_VALUE);
    Arrays.fill(high, -1);
    operation.define(
        input,
        (z, i, k) -> {
          if (z != Products.ZERO && i != Products.ZERO) {
            int width = map ? input.size(2) : input.size(0);
            int at = axis == 1 ? i % width : map ? i / width % input.size(1) : 0;
            low[z] = Math.min(low[z], at);
            high[z] = Math.max(high[z], at);
          }
        });
    return IntStream.range(0, outputs).map(z -> high[z] - low[z] + 1).max().orElse(0);
  }

  @Test
  void aMapThatVanishesIsRefused() {
    assertThatThrownBy(
            () -> Convolution.of(1, Area.square(Window.valid(5))).output(Shape.of(3, 4, 9)))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot move a window of 5x5 over a map of 3x4x9: nothing is left of the map. Use a larger input.");
    assertThatThrownBy(
            () -> Convolution.grouped(4, 2, Area.square(Window.valid(1))).output(Shape.of(3)))
        .isInstanceOf(UserException.class);
    assertThatThrownBy(() -> Convolution.grouped(3, 2, Area.square(Window.valid(1))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Invalid filters: 3 (must be a multiple of the groups, 2)");
  }
}
