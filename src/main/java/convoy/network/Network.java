package convoy.network;

import convoy.data.reading.Minibatch;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** A network that can be trained and asked. Used by one thread, always the same. */
public interface Network extends AutoCloseable {

  /**
   * One step. Only weights decay: no biases, nothing of a normalization.
   *
   * @param longestGradient norm of the whole gradient above which it is shortened to this (Pascanu
   *     et al., 2013); 0 leaves it
   * @param rates of layers, in parts of the learning rate
   */
  record Step(
      double learningRate,
      Optimizer optimizer,
      double weightDecay,
      double longestGradient,
      LayerRates rates,
      Loss loss)
      implements Serializable {

    /** Gradient descent at some rates. */
    public Step(double learningRate, double momentum, double weightDecay, LayerRates rates) {
      this(learningRate, new Optimizer.Sgd(momentum, false), weightDecay, 0, rates, Loss.PLAIN);
    }

    /** All layers at one rate. */
    public Step(double learningRate, double momentum, double weightDecay) {
      this(learningRate, momentum, weightDecay, LayerRates.ALL);
    }

    /** The same at another rate. */
    public Step at(double rate) {
      return new Step(rate, optimizer, weightDecay, longestGradient, rates, loss);
    }
  }

  /**
   * Cross entropy, the mean over a minibatch.
   *
   * @param smoothing part of each label that is spread over all classes alike, 0 to below 1
   *     (Szegedy et al., 2016, section 7)
   * @param classWeights factors of each class's part in the loss, which is not divided by them;
   *     empty for none
   */
  record Loss(double smoothing, List<Double> classWeights) implements Serializable {
    public static final Loss PLAIN = new Loss(0, List.of());
  }

  /**
   * Takes one step on the mean gradient of a minibatch; returns its mean loss before the step, that
   * of auxiliary heads in it with their weights. There has to be room for what the step's optimizer
   * remembers: see {@link #remember}.
   */
  double fit(Minibatch minibatch, Step step);

  /**
   * Class probabilities, (examples, classes).
   *
   * @param inputs (examples, channels, height, width)
   */
  float[] probabilities(float[] inputs, int examples);

  /**
   * What layers make of inputs, as when the network is asked.
   *
   * @param inputs (examples, channels, height, width)
   * @param layers names in the blueprint
   * @return each layer's outputs, (examples, channels, height, width) for maps
   */
  Map<String, float[]> activations(float[] inputs, int examples, Set<String> layers);

  /** In the order of {@link StateLayout}. */
  ModelState state();

  /**
   * Makes room for what an optimizer remembers, which is nothing yet. Without it there is room for
   * {@link Optimizer.Sgd}'s.
   */
  void remember(Optimizer optimizer);

  /**
   * Goes on from a state.
   *
   * @param state in the order of {@link StateLayout}, of the optimizer that there is room for, or
   *     at rest
   */
  void restore(ModelState state);

  /**
   * Where a replica's vectors lie in the machine's memory: 32-bit floats in the engine's own order,
   * which all replicas of a kind share.
   *
   * @param parameters address of the first one
   * @param values number of the parameters
   * @param momentum address of the first one that the optimizer remembers
   * @param remembered number of those
   * @param trained stretches of the parameters that are not statistics
   */
  record Vectors(
      long parameters, int values, long momentum, int remembered, List<Stretch> trained) {}

  /** Some of a vector's values. */
  record Stretch(int from, int length) {}

  /** Lets native code change the vectors; those of a GPU go to the machine's memory and back. */
  void change(Consumer<Vectors> change);

  /**
   * Goes through the layers as in training, and changes nothing but the running statistics of
   * layers that are not frozen: they become the minibatch's own means and (biased) variances. Not
   * every {@link Engine#measures}.
   *
   * @return all statistics afterwards, in the order of {@link StateLayout}
   */
  default float[] measure(Minibatch minibatch, LayerRates rates) {
    throw new UnsupportedOperationException("This engine cannot measure statistics");
  }

  /** Lets go of all that the optimizer remembers. */
  void rest();

  /** Everything random from here on (dropout) follows from this seed. */
  void seed(long seed);

  @Override
  void close();
}
