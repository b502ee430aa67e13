package convoy.rounds;

import convoy.data.pictures.Augmenter;
import convoy.data.sources.LabelIndex;
import convoy.network.Backend;
import convoy.network.FirstState;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import convoy.network.StartingWeights;
import java.io.Serializable;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;

/**
 * What every round of a run has in common; sent to each executor once.
 *
 * @param weights path of those to begin with; empty for random ones
 * @param identities whether residual blocks begin as identities
 * @param labels of the classes
 * @param checkpoints of the run
 */
public record TrainingTask(
    NetworkSpec network,
    Augmenter augmenter,
    String weights,
    boolean identities,
    LabelIndex labels,
    long seed,
    Rules rules,
    Backend backend,
    Checkpoints checkpoints)
    implements Serializable {

  /**
   * How rounds go.
   *
   * @param deadline of every wait
   * @param limitMillis of a round's steps; 0: each worker takes all of its steps
   * @param movingAverage decay of the parameters' moving average a round; 0 keeps none
   * @param recalibration minibatches of each worker that statistics are measured with after an
   *     epoch; 0 leaves the running ones
   * @param checkpointRounds between two checkpoints within an epoch; 0 makes none
   * @param checkpointMinutes likewise
   */
  public record Rules(
      MomentumRule momentum,
      OuterStep outerStep,
      Payload payload,
      long limitMillis,
      double movingAverage,
      int recalibration,
      Duration deadline,
      int checkpointRounds,
      int checkpointMinutes)
      implements Serializable {

    /** The mean of all, and nothing else; no checkpoints within an epoch. */
    public static Rules plain(MomentumRule momentum, Duration deadline) {
      return new Rules(momentum, new OuterStep.Mean(), Payload.FLOAT32, 0, 0, 0, deadline, 0, 0);
    }

    /** Names of what each worker has of its own. */
    Set<String> ownVectors() {
      Set<String> names = new TreeSet<>();
      if (momentum == MomentumRule.KEEP_LOCAL) {
        names.add(RoundAverage.MOMENTUM);
      }
      if (payload == Payload.BFLOAT16) {
        names.add(RoundAverage.RESIDUAL);
      }
      return names;
    }

    /** Of what all workers have alike, or the first one for all. */
    int sharedVectors() {
      return (outerStep.remembers() ? 1 : 0) + (movingAverage > 0 ? 1 : 0);
    }

    /** Vectors of the parameters' length that a worker has beside its replica. */
    public int vectors() {
      int summed = 1;
      int started = outerStep.remembers() || payload == Payload.BFLOAT16 ? 1 : 0;
      int outer = outerStep.remembers() ? 1 : 0;
      int rounded = payload == Payload.BFLOAT16 ? 3 : 0;
      int averaged = movingAverage > 0 ? 1 : 0;
      return summed + started + outer + rounded + averaged;
    }
  }

  /** Of every wait. */
  public Duration deadline() {
    return rules.deadline();
  }

  /** What a run begins with. */
  ModelState first() {
    return weights.isEmpty()
        ? FirstState.of(network, identities)
        : ModelState.atRest(StartingWeights.read(weights, network, labels).parameters());
  }
}
