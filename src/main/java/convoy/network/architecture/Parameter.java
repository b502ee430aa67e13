package convoy.network.architecture;

import convoy.convolution.Shape;

/**
 * One array of a layer's state.
 *
 * @param name within the layer, as PyTorch calls it: {@code weight}, {@code bias}, {@code
 *     running_mean}, {@code running_var}
 * @param shape that of the operation's definition in {@code convoy.convolution}: (filters,
 *     channels, height, width) for an ordinary kernel
 */
public record Parameter(String name, Shape shape, Role role) {

  /** What training does with a value. */
  public enum Role {
    /** Multiplies inputs; decays. */
    WEIGHT,
    /** Multiplies what is normalized; does not decay. */
    SCALE,
    /** Is added; does not decay. */
    BIAS,
    /** Is measured, not trained: no gradient, momentum or decay, but averaged among workers. */
    STATISTIC
  }
}
