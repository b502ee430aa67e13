package convoy.network.architecture;

import convoy.convolution.Area;
import convoy.convolution.FullyConnected;
import convoy.convolution.ReceptiveField;
import convoy.convolution.Shape;
import convoy.convolution.SumOfProducts;
import convoy.convolution.Window;
import convoy.core.Checks;
import convoy.core.Otherwise;
import java.io.Serializable;
import java.util.Optional;

/**
 * A layer apart from its weights: what it makes of a shape, what it costs, what it sees. Those of
 * one input are also the vocabulary of {@code network.layers} in a configuration.
 */
public sealed interface LayerSpec extends Serializable {

  /**
   * Shape of the output for an input of this shape.
   *
   * @throws convoy.core.UserException if nothing is left of the map
   */
  Shape output(Shape input);

  /** The sum of products that the layer computes, if it has kernels. */
  default Optional<SumOfProducts> kernels(Shape input) {
    return Optional.empty();
  }

  /** Number of parameters that multiply. */
  default long weights(Shape input) {
    return kernels(input).map(sum -> sum.weights(input).count()).orElse(0L);
  }

  /** Number of parameters that are added. */
  default long biases(Shape input) {
    return kernels(input).map(sum -> sum.biases(input).count()).orElse(0L);
  }

  /** Number of running statistics, which are averaged like parameters but not trained. */
  default long statistics(Shape input) {
    return 0;
  }

  /** Of one image, forward, by kernels. */
  default long multiplications(Shape input) {
    return kernels(input).map(sum -> sum.multiplications(input)).orElse(0L);
  }

  default ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before;
  }

  /** A layer with a square window that moves over a map. */
  sealed interface Moving extends LayerSpec {
    int size();

    int stride();

    int padding();

    default int dilation() {
      return 1;
    }

    default Window window() {
      return side(size(), stride(), padding(), dilation());
    }

    default Area area() {
      return Area.square(window());
    }

    @Override
    default ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(window());
    }

    private static Window side(int size, int stride, int padding, int dilation) {
      return new Window(size, stride, padding, padding, dilation);
    }
  }

  /** A moving layer with kernels. */
  sealed interface Convolving extends Moving {
    SumOfProducts sum(Shape input);

    @Override
    default Optional<SumOfProducts> kernels(Shape input) {
      return Optional.of(sum(input));
    }

    @Override
    default Shape output(Shape input) {
      return sum(input).output(input);
    }
  }

  /** Ordinary, strided, dilated, grouped; 1x1 with a size of 1. */
  record Convolution(
      int filters,
      int size,
      @Otherwise("1") int stride,
      @Otherwise("0") int padding,
      @Otherwise("1") int dilation,
      @Otherwise("1") int groups,
      @Otherwise("true") boolean biased)
      implements Convolving {
    public Convolution {
      var unused =
          convoy.convolution.Convolution.grouped(
              filters, groups, Area.square(Moving.side(size, stride, padding, dilation)));
    }

    @Override
    public SumOfProducts sum(Shape input) {
      return convoy.convolution.Convolution.grouped(filters, groups, area());
    }

    @Override
    public long biases(Shape input) {
      return biased ? filters : 0;
    }
  }

  /**
   * Each channel has filters of its own.
   *
   * @param multiplier filters a channel
   */
  record DepthwiseConvolution(
      @Otherwise("1") int multiplier,
      int size,
      @Otherwise("1") int stride,
      @Otherwise("0") int padding,
      @Otherwise("true") boolean biased)
      implements Convolving {
    public DepthwiseConvolution {
      new Checks().atLeast(1, "multiplier", multiplier).done();
      var unused = Moving.side(size, stride, padding, 1);
    }

    @Override
    public SumOfProducts sum(Shape input) {
      return convoy.convolution.Convolution.depthwise(input.size(0), multiplier, area());
    }

    @Override
    public long biases(Shape input) {
      return biased ? (long) input.size(0) * multiplier : 0;
    }
  }

  /** Enlarges a map by its stride. */
  record TransposedConvolution(
      int filters, int size, @Otherwise("1") int stride, @Otherwise("0") int padding)
      implements Convolving {
    public TransposedConvolution {
      var unused =
          new convoy.convolution.TransposedConvolution(
              filters, Area.square(Moving.side(size, stride, padding, 1)));
    }

    @Override
    public SumOfProducts sum(Shape input) {
      return new convoy.convolution.TransposedConvolution(filters, area());
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.throughTransposed(window());
    }
  }

  /**
   * Kernels that repeat over the map.
   *
   * @param period in places of the output; 1 is the ordinary convolution
   */
  record TiledConvolution(
      int filters, int size, int period, @Otherwise("1") int stride, @Otherwise("0") int padding)
      implements Convolving {
    public TiledConvolution {
      var unused =
          new convoy.convolution.TiledConvolution(
              filters, period, Area.square(Moving.side(size, stride, padding, 1)));
    }

    @Override
    public SumOfProducts sum(Shape input) {
      return new convoy.convolution.TiledConvolution(filters, period, area());
    }
  }

  /** Locally connected: each place of the output has kernels of its own. */
  record UnsharedConvolution(
      int filters, int size, @Otherwise("1") int stride, @Otherwise("0") int padding)
      implements Convolving {
    public UnsharedConvolution {
      var unused =
          new convoy.convolution.UnsharedConvolution(
              filters, Area.square(Moving.side(size, stride, padding, 1)));
    }

    @Override
    public SumOfProducts sum(Shape input) {
      return new convoy.convolution.UnsharedConvolution(filters, area());
    }
  }

  /** The largest value of each window. */
  record MaxPooling(int size, int stride, @Otherwise("0") int padding) implements Moving {
    public MaxPooling {
      var unused = Moving.side(size, stride, padding, 1);
    }

    @Override
    public Shape output(Shape input) {
      return area().output(input);
    }
  }

  /** The mean of each window, over what lies in the map. */
  record AveragePooling(int size, int stride, @Otherwise("0") int padding) implements Moving {
    public AveragePooling {
      var unused = Moving.side(size, stride, padding, 1);
    }

    @Override
    public Shape output(Shape input) {
      return area().output(input);
    }
  }

  /** The mean of each channel (Lin et al., 2013). */
  record GlobalAveragePooling() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Shape.of(input.size(0));
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(wholeMap(input));
    }
  }

  /** Every input with every neuron. */
  record Dense(int neurons) implements LayerSpec {
    public Dense {
      new Checks().atLeast(1, "neurons", neurons).done();
    }

    @Override
    public Shape output(Shape input) {
      return Shape.of(neurons);
    }

    @Override
    public Optional<SumOfProducts> kernels(Shape input) {
      return Optional.of(new FullyConnected(neurons));
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(wholeMap(input));
    }
  }

  /**
   * A dense layer with a neuron a class, softmax, and cross entropy as loss.
   *
   * @param lossWeight the part that this loss has in the whole one
   */
  record Softmax(int classes, double lossWeight) implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Shape.of(classes);
    }

    @Override
    public Optional<SumOfProducts> kernels(Shape input) {
      return Optional.of(new FullyConnected(classes));
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(wholeMap(input));
    }
  }

  /**
   * One scale and one shift a channel (Ioffe and Szegedy, 2015). The running mean and variance, two
   * more values a channel, are state and not counted as parameters.
   */
  record BatchNormalization() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }

    @Override
    public long weights(Shape input) {
      return input.size(0);
    }

    @Override
    public long biases(Shape input) {
      return input.size(0);
    }

    @Override
    public long statistics(Shape input) {
      return 2L * input.size(0);
    }
  }

  /** Across channels (Krizhevsky et al., 2012, section 3.3). */
  record LocalResponseNormalization() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }
  }

  record Relu() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }
  }

  /**
   * @param probability that a value is dropped while training
   */
  record Dropout(double probability) implements LayerSpec {
    public Dropout {
      new Checks().within(0, 0.95, "probability", probability).done();
    }

    @Override
    public Shape output(Shape input) {
      return input;
    }
  }

  /**
   * The shortcut without parameters of He et al. (2016, section 4.2): every other place, and zeros
   * for the channels that are new.
   *
   * @param channels of the output
   */
  record PaddedShortcut(int channels, int stride) implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Area.square(Window.valid(1).strided(stride)).output(channels, input);
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(Window.valid(1).strided(stride));
    }
  }

  /** Element by element, of two inputs of one shape. */
  record Sum() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }
  }

  /**
   * The channels of several maps after one another.
   *
   * @param channels of all inputs together
   */
  record Concatenation(int channels) implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Shape.of(channels, input.size(1), input.size(2));
    }
  }

  private static Window wholeMap(Shape input) {
    return Window.valid(input.rank() < 3 ? 1 : Math.max(input.size(1), input.size(2)));
  }
}
