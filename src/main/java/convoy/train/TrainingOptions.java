package convoy.train;

import convoy.core.Checks;
import convoy.data.EpochPlan;
import convoy.rounds.MomentumRule;
import convoy.rounds.Transport;
import java.time.Duration;

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
 * @param transport how workers come together
 * @param allowUnauthenticated whether workers may connect so where {@code spark.authenticate} is on
 * @param checkpointRounds between two checkpoints within an epoch; 0 makes none
 * @param checkpointMinutes likewise
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
    Transport.Kind transport,
    boolean allowUnauthenticated,
    int checkpointRounds,
    int checkpointMinutes,
    int checkpointsKept,
    double deadlineMinutes) {

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
        .that(
            transport == Transport.Kind.ALL_REDUCE
                || momentumBetweenRounds != MomentumRule.KEEP_LOCAL,
            "momentum-between-rounds",
            "keep-local",
            "needs transport all-reduce")
        .atLeast(0, "checkpoint-rounds", checkpointRounds)
        .atLeast(0, "checkpoint-minutes", checkpointMinutes)
        .atLeast(1, "checkpoints-kept", checkpointsKept)
        .within(0.1, 1e6, "deadline-minutes", deadlineMinutes)
        .done();
  }

  /** Of every wait. */
  Duration deadline() {
    return Duration.ofMillis(Math.round(deadlineMinutes * 60_000));
  }

  /** What the epochs are planned by. */
  public EpochPlan.Layout layout() {
    return new EpochPlan.Layout(workers, minibatch, minibatchesPerRound);
  }
}
