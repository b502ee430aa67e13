package convoy.network;

import convoy.core.Checks;
import java.io.Serializable;
import java.util.List;

/**
 * What a network is, apart from its weights.
 *
 * @param architecture name, see {@link Architectures#names()}
 * @param stem how a residual network begins
 * @param input channels, height, width
 * @param dropout probability that an activation before a dense layer is dropped, where the
 *     architecture has dropout
 * @param seed of the first weights
 */
public record NetworkSpec(
    String architecture, Stem stem, List<Integer> input, int classes, double dropout, long seed)
    implements Serializable {

  /** How a residual network begins. */
  public enum Stem {
    /** 7x7 with stride 2 and 3x3 max pooling with stride 2, for pictures of 64 pixels and more. */
    LARGE,
    /** 3x3 with stride 1 and no pooling, for pictures of 32 pixels. */
    SMALL
  }

  public NetworkSpec {
    new Checks()
        .that(
            Architectures.names().contains(architecture),
            "architecture",
            architecture,
            "must be one of " + Architectures.names())
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
        .atLeast(2, "classes", classes)
        .within(0, 0.95, "dropout", dropout)
        .done();
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

  /** Number of values of one input. */
  public int inputSize() {
    return channels() * height() * width();
  }
}
