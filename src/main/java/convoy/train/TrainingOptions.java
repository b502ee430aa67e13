package convoy.train;

import convoy.core.Checks;
import convoy.data.EpochPlan;

/**
 * How to train.
 *
 * @param workers that train at the same time, each a replica on one core
 * @param minibatch examples of one step of one worker
 * @param minibatchesPerRound steps between two averagings
 * @param weightDecay L2, on weights only
 * @param trainedLayers {@code all}, {@code head} or {@code from=NAME}; see {@link
 *     convoy.network.LayerRates}
 * @param otherLayersRate of all other layers, in parts of the learning rate; 0 freezes them
 * @param deadlineMinutes that one round or one validation may take before the run stops
 */
public record TrainingOptions(
    int epochs,
    int workers,
    int minibatch,
    int minibatchesPerRound,
    double momentum,
    MomentumRule momentumBetweenRounds,
    double weightDecay,
    LearningRateSchedule schedule,
    String trainedLayers,
    double otherLayersRate,
    int checkpointsKept,
    int deadlineMinutes) {

  /** What becomes of the workers' momentum when their parameters are averaged. */
  public enum MomentumRule {
    /** Averaged like the parameters; doubles what a round sends. */
    AVERAGE,
    /** Each round starts at rest. */
    RESET
  }

  public TrainingOptions {
    new Checks()
        .atLeast(1, "epochs", epochs)
        .atLeast(1, "workers", workers)
        .atLeast(1, "minibatch", minibatch)
        .atLeast(1, "minibatches-per-round", minibatchesPerRound)
        .within(0, 0.9999, "momentum", momentum)
        .within(0, 1, "weight-decay", weightDecay)
        .that(
            trainedLayers.matches("all|head|from=.+"),
            "trained-layers",
            trainedLayers,
            "must be all, head or from=NAME")
        .within(0, 1, "other-layers-rate", otherLayersRate)
        .atLeast(1, "checkpoints-kept", checkpointsKept)
        .atLeast(1, "deadline-minutes", deadlineMinutes)
        .done();
  }

  /** What the epochs are planned by. */
  public EpochPlan.Layout layout() {
    return new EpochPlan.Layout(workers, minibatch, minibatchesPerRound);
  }
}
