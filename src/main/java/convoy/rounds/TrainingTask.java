package convoy.rounds;

import convoy.data.ImageTransform;
import convoy.data.LabelIndex;
import convoy.network.Backend;
import convoy.network.FirstState;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import convoy.network.StartingWeights;
import java.io.Serializable;
import java.time.Duration;

/**
 * What every round of a run has in common; sent to each executor once.
 *
 * @param weights path of those to begin with; empty for random ones
 * @param labels of the classes
 * @param checkpoints of the run
 */
public record TrainingTask(
    NetworkSpec network,
    ImageTransform transform,
    ImageTransform.Augmentation augmentation,
    String weights,
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
   * @param checkpointRounds between two checkpoints within an epoch; 0 makes none
   * @param checkpointMinutes likewise
   */
  public record Rules(
      MomentumRule momentum, Duration deadline, int checkpointRounds, int checkpointMinutes)
      implements Serializable {}

  Duration deadline() {
    return rules.deadline();
  }

  /** What a run begins with. */
  ModelState first() {
    return weights.isEmpty()
        ? FirstState.of(network)
        : ModelState.atRest(StartingWeights.read(weights, network, labels).parameters());
  }
}
