package convoy.network.architecture;

import convoy.convolution.Area;
import convoy.convolution.FullyConnected;
import convoy.convolution.Pooling;
import convoy.convolution.ReceptiveField;
import convoy.convolution.Shape;
import convoy.convolution.SumOfProducts;
import convoy.convolution.Window;
import convoy.core.Checks;
import convoy.core.Otherwise;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.List;
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

  /** What the layer is, as papers' tables say it. */
  String words();

  /** Asks for what stands for this kind of layer elsewhere; a kind left out does not compile. */
  <R> R accept(LayerVisitor<R> visitor);

  /** The sum of products that the layer computes, if it has kernels. */
  default Optional<SumOfProducts> kernels(Shape input) {
    return Optional.empty();
  }

  /** The layer's part of a network's state, in order. */
  default List<Parameter> parameters(Shape input) {
    return kernels(input)
        .map(
            sum ->
                List.of(
                    new Parameter("weight", sum.weights(input), Parameter.Role.WEIGHT),
                    new Parameter("bias", sum.biases(input), Parameter.Role.BIAS)))
        .orElse(List.of());
  }

  /** Number of parameters that multiply: weights and scales. */
  default long weights(Shape input) {
    return count(input, Parameter.Role.WEIGHT) + count(input, Parameter.Role.SCALE);
  }

  /** Number of parameters that are added. */
  default long biases(Shape input) {
    return count(input, Parameter.Role.BIAS);
  }

  /** Number of running statistics, which are averaged like parameters but not trained. */
  default long statistics(Shape input) {
    return count(input, Parameter.Role.STATISTIC);
  }

  private long count(Shape input, Parameter.Role role) {
    return parameters(input).stream()
        .filter(parameter -> parameter.role() == role)
        .mapToLong(parameter -> parameter.shape().count())
        .sum();
  }

  /** Of one image, forward, by kernels. */
  default long multiplications(Shape input) {
    return kernels(input).map(sum -> sum.multiplications(input)).orElse(0L);
  }

  /** What a value of the output depends on, given what a value of the input depends on. */
  default ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return kernels(input).map(sum -> sum.receptiveField(before, input)).orElse(before);
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

    /** {@code 7x7/2}: a window of 7x7 with stride 2. */
    default String windowWords() {
      String stride = stride() > 1 ? "/" + stride() : "";
      return "%dx%d%s".formatted(size(), size(), stride);
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

  /** A moving layer that makes one value of each window. */
  sealed interface Pooled extends Moving {
    Pooling operation();

    /** A window has to hold something of the map. */
    private static void check(int size, int stride, int padding) {
      new Checks()
          .that(padding < size, "padding", padding, "must be less than the size, " + size)
          .done();
      var unused = Moving.side(size, stride, padding, 1);
    }

    @Override
    default Shape output(Shape input) {
      return operation().output(input);
    }

    @Override
    default ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return operation().receptiveField(before);
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
    public List<Parameter> parameters(Shape input) {
      return biased
          ? Convolving.super.parameters(input)
          : Convolving.super.parameters(input).subList(0, 1);
    }

    @Override
    public String words() {
      return "convolution %s, %d%s%s"
          .formatted(
              windowWords(),
              filters,
              dilation > 1 ? ", dilation " + dilation : "",
              groups > 1 ? ", %d groups".formatted(groups) : "");
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.convolution(this);
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
    public List<Parameter> parameters(Shape input) {
      return biased
          ? Convolving.super.parameters(input)
          : Convolving.super.parameters(input).subList(0, 1);
    }

    @Override
    public String words() {
      return "depthwise convolution "
          + windowWords()
          + (multiplier > 1 ? ", times " + multiplier : "");
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.depthwiseConvolution(this);
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
    public String words() {
      return "transposed convolution %s, %d".formatted(windowWords(), filters);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.transposedConvolution(this);
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

    @Override
    public String words() {
      return "tiled convolution %s, %d, period %d".formatted(windowWords(), filters, period);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.tiledConvolution(this);
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

    @Override
    public String words() {
      return "unshared convolution %s, %d".formatted(windowWords(), filters);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.unsharedConvolution(this);
    }
  }

  /** The largest value of each window. */
  record MaxPooling(int size, int stride, @Otherwise("0") int padding) implements Pooled {
    public MaxPooling {
      Pooled.check(size, stride, padding);
    }

    @Override
    public Pooling operation() {
      return new Pooling(Pooling.Kind.MAX, area());
    }

    @Override
    public String words() {
      return "max pooling " + windowWords();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.maxPooling(this);
    }
  }

  /** The mean of each window, over what lies in the map. */
  record AveragePooling(int size, int stride, @Otherwise("0") int padding) implements Pooled {
    public AveragePooling {
      Pooled.check(size, stride, padding);
    }

    @Override
    public Pooling operation() {
      return new Pooling(Pooling.Kind.AVERAGE, area());
    }

    @Override
    public String words() {
      return "average pooling " + windowWords();
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.averagePooling(this);
    }
  }

  /** The mean of each channel (Lin et al., 2013). */
  record GlobalAveragePooling() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Shape.of(Area.channels(input));
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.throughAll(input);
    }

    @Override
    public String words() {
      return "global average pooling";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.globalAveragePooling(this);
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
    public String words() {
      return "dense, " + neurons;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.dense(this);
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
    public String words() {
      return "softmax, " + classes;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.softmax(this);
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
    public List<Parameter> parameters(Shape input) {
      Shape channels = Shape.of(input.size(0));
      return List.of(
          new Parameter("weight", channels, Parameter.Role.SCALE),
          new Parameter("bias", channels, Parameter.Role.BIAS),
          new Parameter("running_mean", channels, Parameter.Role.STATISTIC),
          new Parameter("running_var", channels, Parameter.Role.STATISTIC));
    }

    @Override
    public String words() {
      return "batch normalization";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.batchNormalization(this);
    }
  }

  /** Across channels (Krizhevsky et al., 2012, section 3.3). */
  record LocalResponseNormalization() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return Shape.of(Area.channels(input), Area.height(input), Area.width(input));
    }

    @Override
    public String words() {
      return "local response normalization";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.localResponseNormalization(this);
    }
  }

  record Relu() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }

    @Override
    public String words() {
      return "ReLU";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.relu(this);
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

    @Override
    public String words() {
      return "dropout " + probability;
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.dropout(this);
    }
  }

  /**
   * The shortcut without parameters of He et al. (2016, section 4.2): every other place, and zeros
   * for the channels that are new.
   *
   * @param channels of the output
   */
  record PaddedShortcut(int channels, int stride) implements LayerSpec {
    public PaddedShortcut {
      var unused = Moving.side(1, stride, 0, 1);
    }

    @Override
    public Shape output(Shape input) {
      if (Area.channels(input) > channels) {
        throw new UserException(
            "Cannot pad %d channels to %d. Use at least as many."
                .formatted(Area.channels(input), channels));
      }
      return Area.square(Window.valid(1).strided(stride)).output(channels, input);
    }

    @Override
    public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
      return before.through(Window.valid(1).strided(stride));
    }

    @Override
    public String words() {
      return "padded shortcut /%d".formatted(stride);
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.paddedShortcut(this);
    }
  }

  /** Element by element, of two inputs of one shape. */
  record Sum() implements LayerSpec {
    @Override
    public Shape output(Shape input) {
      return input;
    }

    @Override
    public String words() {
      return "sum";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.sum(this);
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

    @Override
    public String words() {
      return "concatenation";
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
      return visitor.concatenation(this);
    }
  }
}
