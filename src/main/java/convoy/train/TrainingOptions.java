package convoy.train;

import convoy.core.Checks;
import convoy.core.Otherwise;
import convoy.core.UserException;
import convoy.data.reading.EpochPlan;
import convoy.network.LayerRates;
import convoy.network.Network;
import convoy.network.Optimizer;
import convoy.rounds.MomentumRule;
import convoy.rounds.OuterStep;
import convoy.rounds.Payload;
import convoy.rounds.TrainingTask;
import convoy.rounds.Transport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How to train.
 *
 * @param workers that train at the same time, each a replica on one core
 * @param minibatch examples of one step of one worker
 * @param minibatchesPerRound steps between two averagings
 * @param rounds how they follow from {@code minibatchesPerRound}
 * @param shuffleWindowShards shards whose examples a worker shuffles among each other
 * @param outerStep what becomes of the mean that workers reach
 * @param payload what workers send
 * @param movingAverage of the parameters, its decay a round: what is validated and kept as the
 *     model; 0 keeps none
 * @param recalibrationMinibatches of each worker, that batch normalization's statistics are
 *     measured anew with before a validation; 0 leaves the running ones
 * @param optimizer what steps make of gradients; {@code momentum} is of either
 * @param secondMomentum of AdamW, of the gradients' squares
 * @param nesterov whether the momentum is Nesterov's
 * @param weightDecay L2, on weights only
 * @param gradientClip longest gradient of a step; 0 leaves them as they are
 * @param labelSmoothing part of each label that is spread over all classes
 * @param classWeights how much the examples of each class count
 * @param earlyStoppingEpochs without a new lowest validation error, after which training ends
 * @param furtherEpochs after the schedule's, at a constant rate
 * @param furtherLearningRate that rate; the last one of the schedule if empty
 * @param trainedLayers {@code all}, {@code head} or {@code from=NAME}; see {@link
 *     convoy.network.LayerRates}
 * @param otherLayersRate of all other layers, in parts of the learning rate; 0 freezes them
 * @param averaging whose rounds these are
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
    Optional<Integer> shuffleWindowShards,
    RoundRule rounds,
    OuterStep outerStep,
    Payload payload,
    double movingAverage,
    int recalibrationMinibatches,
    @Otherwise("sgd") Steps optimizer,
    double momentum,
    @Otherwise("0.999") double secondMomentum,
    MomentumRule momentumBetweenRounds,
    boolean nesterov,
    double weightDecay,
    double gradientClip,
    double labelSmoothing,
    ClassWeights classWeights,
    LearningRateSchedule schedule,
    Optional<Integer> earlyStoppingEpochs,
    int furtherEpochs,
    Optional<Double> furtherLearningRate,
    String trainedLayers,
    double otherLayersRate,
    @Otherwise("convoy") Averaging averaging,
    Transport.Kind transport,
    boolean allowUnauthenticated,
    int checkpointRounds,
    int checkpointMinutes,
    int checkpointsKept,
    double deadlineMinutes) {

  /** What steps make of gradients. */
  public enum Steps {
    /** Gradient descent with momentum. */
    SGD,
    /** {@link Optimizer.AdamW}. */
    ADAM_W
  }

  /** Whose rounds they are. */
  public enum Averaging {
    /** Convoy's own. */
    CONVOY,
    /** Those of dl4j-spark's {@code ParameterAveragingTrainingMaster}. */
    DL4J_SPARK
  }

  /** How much the examples of each class count. */
  public enum ClassWeights {
    /** All the same. */
    UNIFORM,
    /** A class's number of examples times its weight is the same for all classes. */
    BALANCED
  }

  public TrainingOptions {
    new Checks()
        .atLeast(1, "epochs", epochs)
        .atLeast(1, "workers", workers)
        .atLeast(1, "minibatch", minibatch)
        .atLeast(1, "minibatches-per-round", minibatchesPerRound)
        .atLeast(1, "shuffle-window-shards", shuffleWindowShards)
        .within(0, 0.9999, "momentum", momentum)
        .within(0, 0.999999, "second-momentum", secondMomentum)
        .that(
            !nesterov || momentum > 0 && optimizer == Steps.SGD,
            "nesterov",
            nesterov,
            "needs optimizer sgd and a momentum above 0")
        .within(0, 1, "weight-decay", weightDecay)
        .within(0, 1e9, "gradient-clip", gradientClip)
        .within(0, 0.99, "label-smoothing", labelSmoothing)
        .atLeast(1, "early-stopping-epochs", earlyStoppingEpochs)
        .atLeast(0, "further-epochs", furtherEpochs)
        .that(
            furtherLearningRate.map(rate -> rate > 0 && rate < 1e9).orElse(true),
            "further-learning-rate",
            furtherLearningRate.orElse(0.0),
            "must be above 0, or none")
        .that(
            trainedLayers.matches("all|head|from=.+"),
            "trained-layers",
            trainedLayers,
            "must be all, head or from=NAME")
        .within(0, 1, "other-layers-rate", otherLayersRate)
        .within(0, 0.9999, "moving-average", movingAverage)
        .atLeast(0, "recalibration-minibatches", recalibrationMinibatches)
        .that(
            payload == Payload.FLOAT32 || momentumBetweenRounds != MomentumRule.AVERAGE,
            "payload",
            "bfloat16",
            "needs momentum-between-rounds keep-local or reset")
        .that(
            transport == Transport.Kind.ALL_REDUCE
                || (momentumBetweenRounds != MomentumRule.KEEP_LOCAL
                    && !rounds.isMeasured()
                    && !outerStep.remembers()
                    && payload == Payload.FLOAT32
                    && movingAverage == 0
                    && recalibrationMinibatches == 0),
            "transport",
            "spark",
            "must be all-reduce for momentum-between-rounds keep-local, rounds auto or time-boxed, an outer-step, payload bfloat16, a moving-average and recalibration-minibatches")
        .that(
            averaging == Averaging.CONVOY
                || transport == Transport.Kind.SPARK
                    && optimizer == Steps.SGD
                    && (nesterov || momentum == 0)
                    && gradientClip == 0,
            "averaging",
            "dl4j-spark",
            "needs transport spark, optimizer sgd with nesterov or a momentum of 0, and no gradient-clip")
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

  /** Epochs that follow the schedule: fewer than were planned where training stopped early. */
  int scheduledEpochs(TrainingHistory history) {
    if (earlyStoppingEpochs.isEmpty()) {
      return epochs;
    }
    double best = Double.POSITIVE_INFINITY;
    int waited = 0;
    List<Double> errors = history.validationErrors();
    for (int i = 0; i < Math.min(epochs, errors.size()); i++) {
      waited = errors.get(i) < best ? 0 : waited + 1;
      best = Math.min(best, errors.get(i));
      if (waited == earlyStoppingEpochs.get()) {
        return i + 1;
      }
    }
    return epochs;
  }

  /** Whether nothing is left to be trained. */
  boolean areDone(TrainingHistory history) {
    return history.epochs().size() >= scheduledEpochs(history) + furtherEpochs;
  }

  /**
   * @param epoch from 0, with the part of it that is done
   */
  double learningRate(double epoch, TrainingHistory history) {
    int scheduled = scheduledEpochs(history);
    if (epoch < scheduled) {
      return schedule.learningRate(
          new LearningRateSchedule.Moment(epoch, epochs, history.validationErrors()));
    }
    return furtherLearningRate.orElseGet(() -> history.epochs().get(scheduled - 1).learningRate());
  }

  /** All epochs, as long as training does not stop early. */
  public int plannedEpochs() {
    return epochs + furtherEpochs;
  }

  /**
   * What every step has in common.
   *
   * @param classCounts training examples of each class
   */
  Network.Step step(List<Integer> classCounts, LayerRates rates) {
    List<Double> weights =
        classWeights == ClassWeights.BALANCED ? balanced(classCounts) : List.of();
    return new Network.Step(
        0, stepping(), weightDecay, gradientClip, rates, new Network.Loss(labelSmoothing, weights));
  }

  /** What steps make of gradients. */
  Optimizer stepping() {
    return optimizer == Steps.SGD
        ? new Optimizer.Sgd(momentum, nesterov)
        : new Optimizer.AdamW(momentum, secondMomentum);
  }

  /** Their mean over all examples is 1; a class without examples must not be smoothed towards. */
  private static List<Double> balanced(List<Integer> classCounts) {
    double examples = classCounts.stream().mapToInt(Integer::intValue).sum();
    double there = classCounts.stream().filter(count -> count > 0).count();
    return classCounts.stream().map(count -> count == 0 ? 0 : examples / there / count).toList();
  }

  /** What rounds go by. */
  TrainingTask.Rules rules() {
    return new TrainingTask.Rules(
        momentumBetweenRounds,
        outerStep,
        payload,
        rounds.limit().toMillis(),
        movingAverage,
        recalibrationMinibatches,
        deadline(),
        checkpointRounds,
        checkpointMinutes);
  }

  /** What an epoch is planned by. */
  EpochPlan.Layout layout(TrainingHistory history) {
    return new EpochPlan.Layout(
        workers,
        minibatch,
        rounds.minibatches(minibatchesPerRound, history),
        shuffleWindowShards.orElse(0));
  }

  /**
   * @param slots tasks that run at the same time
   */
  public void requireSlots(int slots) {
    Transport.requireSlots(transport, workers, slots);
  }

  /** Whether there are enough examples. */
  void requireEnough(int examples) {
    layout(new TrainingHistory(List.of())).requireEnough(examples);
    if (minibatch > examples) {
      throw new UserException(
          "Cannot train with minibatches of %,d: the training split has %,d examples. Lower training.minibatch."
              .formatted(minibatch, examples));
    }
  }
}
