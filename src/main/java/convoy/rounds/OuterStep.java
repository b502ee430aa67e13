package convoy.rounds;

import convoy.core.Checks;
import convoy.network.NativeVector;
import java.io.Serializable;

/**
 * What becomes of the mean that workers reach in a round. Every rank takes it for itself: on
 * machines with different processors their states may part by the last bit until the next epoch
 * begins.
 */
public sealed interface OuterStep extends Serializable {

  /** Whether it needs where the round began, and a momentum of its own. */
  default boolean remembers() {
    return true;
  }

  /**
   * From where a round began to where the next one begins.
   *
   * @param start where it began; not changed
   * @param mean what the workers reached; where the next round begins afterwards
   * @param momentum of this step, zeros before the first
   * @param learningRate of the round's steps
   */
  void apply(NativeVector start, NativeVector mean, NativeVector momentum, double learningRate);

  /** {@code start - mean}, in the mean's place. */
  private static void difference(NativeVector start, NativeVector mean) {
    mean.scale(-1);
    mean.add(1, start);
  }

  /** The next round begins at the mean: local SGD (Stich, 2019). */
  record Mean() implements OuterStep {
    @Override
    public boolean remembers() {
      return false;
    }

    @Override
    public void apply(
        NativeVector start, NativeVector mean, NativeVector momentum, double learningRate) {}
  }

  /**
   * SlowMo (Wang et al., 2020): {@code u = momentum * u + (start - mean) / r; next = start - rate *
   * r * u}, where r is the learning rate of the steps.
   *
   * @param momentum 0 to 0.9999
   * @param rate 0.001 to 10; 1 with a momentum of 0 is the mean
   */
  record SlowMo(double momentum, double rate) implements OuterStep {
    public SlowMo {
      new Checks().within(0, 0.9999, "momentum", momentum).within(1e-3, 10, "rate", rate).done();
    }

    @Override
    public void apply(NativeVector start, NativeVector mean, NativeVector u, double learningRate) {
      if (learningRate == 0) {
        // Nobody has moved.
        return;
      }
      difference(start, mean);
      u.scale(momentum);
      u.add(1 / learningRate, mean);
      mean.copy(start);
      mean.add(-rate * learningRate, u);
    }
  }

  /**
   * Nesterov's momentum on what a round changed, as DiLoCo does (Douillard et al., 2023): {@code v
   * = momentum * v + (start - mean); next = start - rate * (start - mean + momentum * v)}.
   *
   * @param momentum 0 to 0.9999
   * @param rate 0.001 to 10; 1 with a momentum of 0 is the mean
   */
  record Nesterov(double momentum, double rate) implements OuterStep {
    public Nesterov {
      new Checks().within(0, 0.9999, "momentum", momentum).within(1e-3, 10, "rate", rate).done();
    }

    @Override
    public void apply(NativeVector start, NativeVector mean, NativeVector v, double learningRate) {
      difference(start, mean);
      v.scale(momentum);
      v.add(1, mean);
      mean.scale(-rate);
      mean.add(1, start);
      mean.add(-rate * momentum, v);
    }
  }
}
