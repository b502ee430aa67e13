package convoy.train;

import convoy.core.Checks;
import convoy.core.Otherwise;
import java.io.Serializable;
import java.util.List;

/**
 * The learning rate as a function of where training is and how it went: nothing is remembered. Each
 * may begin with a warm-up, in which the rate rises in a line from a tenth (Goyal et al., 2017).
 */
public sealed interface LearningRateSchedule extends Serializable {

  /**
   * A point of training.
   *
   * @param epoch from 0, with the part of it that is done: 2.5 is half-way through the third
   * @param epochs in all
   * @param validationErrors top-1 error after each epoch so far, as fractions
   */
  record Moment(double epoch, int epochs, List<Double> validationErrors) {}

  /** The rate at a moment. */
  default double learningRate(Moment moment) {
    // From a tenth: a rate of zero would waste the first round.
    return moment.epoch() < warmupEpochs()
        ? learningRate() * (0.1 + 0.9 * moment.epoch() / warmupEpochs())
        : warm(moment);
  }

  /** The highest rate. */
  double learningRate();

  /** Epochs of the way up, perhaps a part of one. */
  double warmupEpochs();

  /** The rate after the warm-up. */
  double warm(Moment moment);

  private static Checks checks(double learningRate, double warmupEpochs) {
    return new Checks()
        .positive("learning-rate", learningRate)
        .within(0, 1000, "warmup-epochs", warmupEpochs);
  }

  /** How much of the way after the warm-up is done, 0 to 1. */
  private static double way(Moment moment, double warmupEpochs) {
    double epochs = Math.max(1e-9, moment.epochs() - warmupEpochs);
    return Math.min(1, (moment.epoch() - warmupEpochs) / epochs);
  }

  /** Always the same. */
  record Constant(double learningRate, @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public Constant {
      checks(learningRate, warmupEpochs).done();
    }

    @Override
    public double warm(Moment moment) {
      return learningRate;
    }
  }

  /**
   * Multiplied by a factor every so many epochs.
   *
   * @param everyEpochs 30 changes before the 31st, the 61st ...
   */
  record Step(
      double learningRate, double factor, int everyEpochs, @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public Step {
      checks(learningRate, warmupEpochs)
          .within(1e-6, 1, "factor", factor)
          .atLeast(1, "every-epochs", everyEpochs)
          .done();
    }

    @Override
    public double warm(Moment moment) {
      return learningRate * Math.pow(factor, Math.floor(moment.epoch() / everyEpochs));
    }
  }

  /**
   * Multiplied by a factor at given epochs.
   *
   * @param epochs from 0: [30, 60] changes before the 31st and the 61st
   */
  record MultiStep(
      double learningRate, double factor, List<Integer> epochs, @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public MultiStep {
      checks(learningRate, warmupEpochs).within(1e-6, 1, "factor", factor).done();
    }

    @Override
    public double warm(Moment moment) {
      long passed = epochs.stream().filter(epoch -> moment.epoch() >= epoch).count();
      return learningRate * Math.pow(factor, (double) passed);
    }
  }

  /**
   * Down to zero as a power of what is left, in a line for 1.
   *
   * @param power above 0
   */
  record Polynomial(double learningRate, double power, @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public Polynomial {
      checks(learningRate, warmupEpochs).positive("power", power).done();
    }

    @Override
    public double warm(Moment moment) {
      return learningRate * Math.pow(1 - way(moment, warmupEpochs), power);
    }
  }

  /**
   * Multiplied by a factor whenever the validation error has not fallen for some epochs, as
   * AlexNet's authors did by hand (Krizhevsky et al., 2012, section 5).
   *
   * @param patience epochs without a new best before the rate falls
   * @param smallest rate
   */
  record Plateau(
      double learningRate,
      double factor,
      int patience,
      double smallest,
      @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public Plateau {
      checks(learningRate, warmupEpochs)
          .within(1e-6, 1, "factor", factor)
          .atLeast(1, "patience", patience)
          .within(0, learningRate, "smallest", smallest)
          .done();
    }

    @Override
    public double warm(Moment moment) {
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

  /** Down along a half cosine to zero (Loshchilov and Hutter, 2017). */
  record Cosine(double learningRate, @Otherwise("0") double warmupEpochs)
      implements LearningRateSchedule {
    public Cosine {
      checks(learningRate, warmupEpochs).done();
    }

    @Override
    public double warm(Moment moment) {
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * way(moment, warmupEpochs)));
    }
  }
}
