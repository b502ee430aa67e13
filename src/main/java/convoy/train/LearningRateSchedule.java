package convoy.train;

import convoy.core.Checks;
import java.io.Serializable;
import java.util.List;

/** The learning rate as a function of where training is and how it went: nothing is remembered. */
public sealed interface LearningRateSchedule extends Serializable {

  /**
   * A point of training.
   *
   * @param epoch from 0, with the part of it that is done: 2.5 is half-way through the third
   * @param epochs in all
   * @param validationErrors top-1 error after each epoch so far, as fractions
   */
  record Moment(double epoch, int epochs, List<Double> validationErrors) {}

  double learningRate(Moment moment);

  /** Always the same. */
  record Constant(double learningRate) implements LearningRateSchedule {
    public Constant {
      new Checks().positive("learning-rate", learningRate).done();
    }

    @Override
    public double learningRate(Moment moment) {
      return learningRate;
    }
  }

  /**
   * Multiplied by a factor at given epochs.
   *
   * @param epochs from 0: [30, 60] changes before the 31st and the 61st
   */
  record Step(double learningRate, double factor, List<Integer> epochs)
      implements LearningRateSchedule {
    public Step {
      new Checks().positive("learning-rate", learningRate).within(1e-6, 1, "factor", factor).done();
    }

    @Override
    public double learningRate(Moment moment) {
      long passed = epochs.stream().filter(epoch -> moment.epoch() >= epoch).count();
      return learningRate * Math.pow(factor, (double) passed);
    }
  }

  /**
   * Multiplied by a factor whenever the validation error has not fallen for some epochs, as
   * AlexNet's authors did by hand (Krizhevsky et al., 2012, section 5).
   *
   * @param patience epochs without a new best before the rate falls
   * @param smallest rate
   */
  record Plateau(double learningRate, double factor, int patience, double smallest)
      implements LearningRateSchedule {
    public Plateau {
      new Checks()
          .positive("learning-rate", learningRate)
          .within(1e-6, 1, "factor", factor)
          .atLeast(1, "patience", patience)
          .within(0, learningRate, "smallest", smallest)
          .done();
    }

    @Override
    public double learningRate(Moment moment) {
      double rate = learningRate;
      double best = Double.POSITIVE_INFINITY;
      int waited = 0;
      for (double error : moment.validationErrors()) {
        waited = error < best ? 0 : waited + 1;
        best = Math.min(best, error);
        if (waited == patience) {
          rate *= factor;
          waited = 0;
        }
      }
      return Math.max(rate, smallest);
    }
  }

  /**
   * Up in a line, then down along a half cosine to zero (Loshchilov and Hutter, 2017; Goyal et al.,
   * 2017).
   *
   * @param learningRate the highest
   * @param warmupEpochs of the way up
   */
  record Cosine(double learningRate, double warmupEpochs) implements LearningRateSchedule {
    public Cosine {
      new Checks()
          .positive("learning-rate", learningRate)
          .within(0, 1000, "warmup-epochs", warmupEpochs)
          .done();
    }

    @Override
    public double learningRate(Moment moment) {
      if (moment.epoch() < warmupEpochs) {
        // From a tenth: a rate of zero would waste the first round.
        return learningRate * (0.1 + 0.9 * moment.epoch() / warmupEpochs);
      }
      double way = (moment.epoch() - warmupEpochs) / Math.max(1e-9, moment.epochs() - warmupEpochs);
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, way)));
    }
  }
}
