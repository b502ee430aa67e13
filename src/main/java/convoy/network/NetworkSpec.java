package convoy.network;

import convoy.convolution.Shape;
import convoy.core.Checks;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import java.io.Serializable;
import java.util.List;

/**
 * What a network is, apart from its weights.
 *
 * @param architecture name, see {@link Architectures#names()}
 * @param layers of {@code sequential}, without its output; empty for all others
 * @param stem how a residual network for ImageNet begins
 * @param input channels, height, width
 * @param dropout probability that an input of a dense layer is dropped, where the architecture has
 *     dropout
 * @param seed of the first weights
 */
public record NetworkSpec(
    String architecture,
    List<LayerSpec> layers,
    ResNet.Stem stem,
    List<Integer> input,
    int classes,
    double dropout,
    long seed,
    Phase phase)
    implements Serializable {

  private static final int LARGEST_INPUT = 1 << 28;

  /** What the network is for. */
  public enum Phase {
    /** With all that only training needs: auxiliary heads. */
    TRAINING,
    /** What a trained model is made of. */
    INFERENCE
  }

  public NetworkSpec {
    boolean sequential = architecture.equals(Architectures.SEQUENTIAL);
    new Checks()
        .that(
            Architectures.names().contains(architecture),
            "architecture",
            architecture,
            "must be one of " + Architectures.names())
        .that(
            sequential != layers.isEmpty(),
            "layers",
            layers,
            sequential
                ? "must name at least one layer for a sequential network"
                : "must be [] for all but a sequential network")
        .that(
            input.size() == 3 && input.stream().allMatch(n -> n >= 1),
            "input",
            input,
            "must be [channels, height, width]")
        .that(
            input.size() != 3 || input.get(0) == 1 || input.get(0) == 3,
            "input",
            input,
            "must have 1 or 3 channels")
        .that(
            input.stream().mapToDouble(n -> n).reduce(1, (a, b) -> a * b) <= LARGEST_INPUT,
            "input",
            input,
            "must have at most %,d values".formatted(LARGEST_INPUT))
        .atLeast(2, "classes", classes)
        .within(0, 0.95, "dropout", dropout)
        .done();
  }

  /** As in its paper: with the large stem, without dropout and heads. */
  public static NetworkSpec of(String architecture, List<Integer> input, int classes) {
    return new NetworkSpec(
        architecture, List.of(), ResNet.Stem.LARGE, input, classes, 0, 0, Phase.INFERENCE);
  }

  public NetworkSpec in(Phase other) {
    return new NetworkSpec(architecture, layers, stem, input, classes, dropout, seed, other);
  }

  public NetworkSpec withSeed(long other) {
    return new NetworkSpec(architecture, layers, stem, input, classes, dropout, other, phase);
  }

  public int channels() {
    return input.get(0);
  }

  public int height() {
    return input.get(1);
  }

  public int width() {
    return input.get(2);
  }

  public Shape inputShape() {
    return new Shape(input);
  }

  /** Number of values of one input. */
  public int inputSize() {
    return channels() * height() * width();
  }
}
