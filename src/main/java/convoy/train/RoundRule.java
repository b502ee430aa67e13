package convoy.train;

import convoy.core.Checks;
import java.io.Serializable;
import java.time.Duration;

/** How long rounds are, as a function of how training went: nothing is remembered. */
public sealed interface RoundRule extends Serializable {

  /**
   * Steps of each worker between two averagings in the next epoch.
   *
   * @param configured {@code minibatches-per-round}
   */
  int minibatches(int configured, TrainingHistory history);

  /** Of a round's steps in time; zero: as long as they take. */
  default Duration limit() {
    return Duration.ZERO;
  }

  /** Whether rounds follow from what was measured. */
  default boolean isMeasured() {
    return false;
  }

  /** The configured steps. */
  record Every() implements RoundRule {
    @Override
    public int minibatches(int configured, TrainingHistory history) {
      return configured;
    }
  }

  /**
   * Synchronous first, the configured steps later (Lin et al., 2020).
   *
   * @param synchronousEpochs with a step a round
   */
  record PostLocal(int synchronousEpochs) implements RoundRule {
    public PostLocal {
      new Checks().atLeast(1, "synchronous-epochs", synchronousEpochs).done();
    }

    @Override
    public int minibatches(int configured, TrainingHistory history) {
      return history.epochs().size() < synchronousEpochs ? 1 : configured;
    }
  }

  /**
   * As few steps as keep averaging below a part of the time, by what the epoch before measured; the
   * first has the configured ones.
   *
   * @param overhead part of the time that averaging may take
   */
  record Auto(double overhead) implements RoundRule {
    public Auto {
      new Checks().within(0.001, 0.5, "overhead", overhead).done();
    }

    @Override
    public int minibatches(int configured, TrainingHistory history) {
      if (history.epochs().isEmpty()) {
        return configured;
      }
      TrainingHistory.Epoch last = history.last();
      double round = last.averagingSeconds() / last.rounds();
      double step = (last.stepSeconds() + last.readingSeconds()) / last.minibatches();
      if (step == 0) {
        return configured;
      }
      double wanted = Math.ceil(round * (1 - overhead) / (overhead * step));
      return (int) Math.max(1, Math.min(last.minibatches(), wanted));
    }

    @Override
    public boolean isMeasured() {
      return true;
    }
  }

  /**
   * Each worker takes the configured steps or those that it can in a time, one at least: a slow one
   * doesn't hold up the others. What it leaves is not seen in this epoch; so a run is not the same
   * each time.
   *
   * @param seconds of a round's steps
   */
  record TimeBoxed(double seconds) implements RoundRule {
    public TimeBoxed {
      new Checks().within(0.001, 1e6, "seconds", seconds).done();
    }

    @Override
    public int minibatches(int configured, TrainingHistory history) {
      return configured;
    }

    @Override
    public Duration limit() {
      return Duration.ofMillis(Math.max(1, Math.round(1000 * seconds)));
    }

    @Override
    public boolean isMeasured() {
      return true;
    }
  }
}
