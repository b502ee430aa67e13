package convoy.network.architecture;

/**
 * What a layer begins with.
 *
 * @param scheme of the weights
 * @param bias of every neuron
 */
public record FirstWeights(Scheme scheme, double bias) {

  /** How weights are drawn. */
  public enum Scheme {
    /** Normal, variance 2 / inputs of a neuron (He et al., 2015). */
    HE,
    /** Uniform, variance 2 / (inputs + outputs) (Glorot and Bengio, 2010). */
    GLOROT,
    /** Normal, deviation 0.01 (Krizhevsky et al., 2012). */
    GAUSSIAN
  }

  public FirstWeights withBias(double value) {
    return new FirstWeights(scheme, value);
  }
}
