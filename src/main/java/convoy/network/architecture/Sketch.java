package convoy.network.architecture;

import convoy.convolution.ReceptiveField;
import convoy.convolution.Shape;
import convoy.core.UserException;
import convoy.network.architecture.Blueprint.Node;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Draws a network layer by layer in the words of the papers. Each method adds a layer on the one
 * that was drawn last, or after {@link #from} on another, and returns this sketch.
 */
public final class Sketch {

  /**
   * A square window that moves over a map.
   *
   * @param size of a side; {@code stride} its step, {@code padding} zeros on each side
   */
  public record SquareWindow(int size, int stride, int padding) {}

  private final Shape input;
  private final int classes;
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private String last = Blueprint.INPUT;
  private Optional<String> key = Optional.empty();
  private FirstWeights first = new FirstWeights(FirstWeights.Scheme.HE, 0);

  /**
   * @param input channels, height, width
   */
  public Sketch(Shape input, int classes) {
    this.input = input;
    this.classes = classes;
  }

  /** First weights of the layers drawn from here on; He et al. (2015), biases 0 otherwise. */
  public Sketch begin(FirstWeights.Scheme scheme, double bias) {
    first = new FirstWeights(scheme, bias);
    return this;
  }

  /** First biases of the layers drawn from here on. */
  public Sketch bias(double bias) {
    first = first.withBias(bias);
    return this;
  }

  /** Name of the layer drawn last. */
  public String last() {
    return last;
  }

  /** Shape of the output of the layer drawn last. */
  public Shape shape() {
    return shape(last);
  }

  /** What the next layer's parameters are called in the state; the layer's own name otherwise. */
  public Sketch keyed(String next) {
    key = Optional.of(next);
    return this;
  }

  public Sketch from(String layer) {
    last = layer;
    return this;
  }

  public Sketch convolution(String name, int filters, SquareWindow window) {
    return convolution(name, filters, window, 1);
  }

  public Sketch convolution(String name, int filters, SquareWindow window, int groups) {
    return layer(
        name,
        new LayerSpec.Convolution(
            filters, window.size(), window.stride(), window.padding(), 1, groups, true));
  }

  /** A convolution without biases, and the normalization that has the shift instead. */
  public Sketch normalizedConvolution(String name, int filters, SquareWindow window) {
    return normalizedConvolution(name, filters, window, List.of(name, name + "-bn"));
  }

  /**
   * The same.
   *
   * @param keys of the convolution and of its normalization, see {@link #keyed}
   */
  public Sketch normalizedConvolution(
      String name, int filters, SquareWindow window, List<String> keys) {
    return keyed(keys.get(0))
        .layer(
            name,
            new LayerSpec.Convolution(
                filters, window.size(), window.stride(), window.padding(), 1, 1, false))
        .keyed(keys.get(1))
        .layer(name + "-bn", new LayerSpec.BatchNormalization());
  }

  public Sketch relu(String name) {
    return layer(name, new LayerSpec.Relu());
  }

  public Sketch maxPooling(String name, SquareWindow window) {
    return layer(name, new LayerSpec.MaxPooling(window.size(), window.stride(), window.padding()));
  }

  public Sketch localResponseNormalization(String name) {
    return layer(name, new LayerSpec.LocalResponseNormalization());
  }

  public Sketch globalAveragePooling(String name) {
    return layer(name, new LayerSpec.GlobalAveragePooling());
  }

  /**
   * @param probability 0 adds nothing
   */
  public Sketch dropout(String name, double probability) {
    return probability == 0 ? this : layer(name, new LayerSpec.Dropout(probability));
  }

  public Sketch dense(String name, int neurons) {
    return layer(name, new LayerSpec.Dense(neurons));
  }

  /** Element by element, of the layer drawn last and another. */
  public Sketch plus(String name, String other) {
    if (!shape().equals(shape(other))) {
      throw new IllegalStateException(
          "%s adds %s of %s and %s of %s".formatted(name, last, shape(), other, shape(other)));
    }
    return add(name, new LayerSpec.Sum(), List.of(last, other));
  }

  /** The channels of these layers' maps after one another. */
  public Sketch concatenation(String name, List<String> layers) {
    int channels = layers.stream().mapToInt(layer -> shape(layer).size(0)).sum();
    return add(name, new LayerSpec.Concatenation(channels), layers);
  }

  /**
   * The loss of a head in the middle, for training only.
   *
   * @param lossWeight of the head's loss
   */
  public Sketch auxiliarySoftmax(String name, double lossWeight) {
    return layer(name, new LayerSpec.Softmax(classes, lossWeight));
  }

  /** The output. */
  public Blueprint softmax(String name) {
    return layer(name, new LayerSpec.Softmax(classes, 1)).whole();
  }

  /** All layers; the one drawn last is the output. */
  Blueprint whole() {
    return new Blueprint(input, List.copyOf(nodes.values()));
  }

  /** Any layer of one input. */
  public Sketch layer(String name, LayerSpec layer) {
    return add(name, layer, List.of(last));
  }

  private Sketch add(String name, LayerSpec layer, List<String> inputs) {
    Shape shape = shape(inputs.get(0));
    ReceptiveField field =
        inputs.stream().map(this::field).reduce(ReceptiveField::joined).orElseThrow();
    Node node =
        new Node(
            name,
            key.orElse(name),
            layer,
            inputs,
            first,
            shape,
            layer.receptiveField(field, shape));
    key = Optional.empty();
    try {
      var unused = node.output();
    } catch (UserException e) {
      throw new UserException("At layer %s: %s".formatted(name, e.getMessage()), e);
    }
    if (nodes.putIfAbsent(name, node) != null) {
      throw new IllegalStateException("Two layers are called " + name);
    }
    last = name;
    return this;
  }

  private Shape shape(String name) {
    return name.equals(Blueprint.INPUT) ? input : nodes.get(name).output();
  }

  private ReceptiveField field(String name) {
    return name.equals(Blueprint.INPUT) ? ReceptiveField.INPUT : nodes.get(name).receptiveField();
  }
}
