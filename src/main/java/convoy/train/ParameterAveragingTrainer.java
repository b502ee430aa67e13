package convoy.train;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.DatasetManifest;
import convoy.data.EpochPlan;
import convoy.data.PictureShelf;
import convoy.data.SplitName;
import convoy.evaluate.Member;
import convoy.evaluate.Predictor;
import convoy.evaluate.Tally;
import convoy.network.Architectures;
import convoy.network.FirstState;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Replicas;
import convoy.network.StateLayout;
import convoy.network.TrainedModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Trains a network by parameter averaging (McDonald et al., 2010; Moritz et al., 2016): in a round
 * every worker takes some steps from the same state, then their states are averaged.
 *
 * <p>The run folder is all there is to a run: stopped at any moment, it goes on from the last
 * checkpoint to the same end.
 */
public final class ParameterAveragingTrainer {
  /** What a run came to; {@code result.json}. */
  public record Result(
      TrainingHistory.Epoch best,
      TrainingHistory.Epoch last,
      long parameters,
      String digest,
      double trainingSeconds) {}

  private final JavaSparkContext spark;
  private final TrainingSubject subject;
  private final TrainingOptions options;
  private final Location run;
  private final StateLayout training;
  private final StateLayout inference;

  ParameterAveragingTrainer(
      JavaSparkContext spark, TrainingSubject subject, TrainingOptions options, Location run) {
    this.spark = spark;
    this.subject = subject;
    this.options = options;
    this.run = run;
    training = StateLayout.of(subject.network());
    inference = StateLayout.of(trained());
  }

  /** What is left of the network when training is over. */
  private NetworkSpec trained() {
    return subject.network().in(NetworkSpec.Phase.INFERENCE);
  }

  /**
   * Trains, or goes on training, to the last epoch.
   *
   * @param afterEpoch is told of each epoch when its checkpoint is safe
   */
  Result train(Consumer<TrainingHistory.Epoch> afterEpoch) {
    Checkpoints checkpoints =
        new Checkpoints(run.child("checkpoints"), subject.network(), options.checkpointsKept());
    Checkpoints.Checkpoint start =
        checkpoints
            .last()
            .orElseGet(
                () -> new Checkpoints.Checkpoint(firstState(), new TrainingHistory(List.of())));
    ModelState state = start.state();
    TrainingHistory history = start.history();
    Broadcast<TrainingTask> task = spark.broadcast(task());
    Broadcast<PictureShelf> pictures =
        spark.broadcast(
            new PictureShelf(subject.dataset(), subject.manifest(), subject.keptBytes()));
    try {
      while (history.epochs().size() < options.epochs()) {
        EpochEnd end =
            epoch(new Averaging(spark, task, pictures, options), pictures, state, history);
        state = end.state();
        history = history.with(end.epoch());
        saveModels(state, history);
        run.child("progress.jsonl").writeText(lines(history));
        checkpoints.save(state, history);
        afterEpoch.accept(history.last());
      }
    } finally {
      pictures.destroy();
      task.destroy();
      Replicas.closeIdle();
    }
    Result result =
        new Result(
            history.best(),
            history.last(),
            Architectures.blueprint(trained()).parameters(),
            state.digest(),
            history.epochs().stream().mapToDouble(TrainingHistory.Epoch::seconds).sum());
    run.child("result.json").writeText(Documents.toJson(result));
    return result;
  }

  private ModelState firstState() {
    return subject
        .weights()
        .map(weights -> ModelState.atRest(weights.parameters()))
        .orElseGet(() -> FirstState.of(subject.network()));
  }

  private TrainingTask task() {
    return new TrainingTask(
        subject.network(),
        subject.transform(),
        subject.augmentation(),
        subject.seed(),
        options.deadlineMinutes(),
        subject.backend());
  }

  private DatasetManifest.Split trainingSplit() {
    return subject.manifest().split(SplitName.TRAIN);
  }

  /** A state and the line that tells how it was reached. */
  private record EpochEnd(ModelState state, TrainingHistory.Epoch epoch) {}

  private EpochEnd epoch(
      Averaging averaging,
      Broadcast<PictureShelf> pictures,
      ModelState start,
      TrainingHistory history) {
    int epoch = history.epochs().size();
    int[] shardExamples =
        trainingSplit().shards().stream().mapToInt(DatasetManifest.Shard::examples).toArray();
    EpochPlan plan =
        EpochPlan.of(shardExamples, options.layout(), Seeds.mix(subject.seed(), 0), epoch);
    ModelState state = start;
    double lossSum = 0;
    long images = 0;
    double rate = 0;
    long started = System.nanoTime();
    String name = "epoch %d of %d".formatted(epoch + 1, options.epochs());
    try (Progress progress = Progress.of(name, "images", trainingSplit().examples())) {
      for (int round = 0; round < plan.rounds(); round++) {
        rate =
            options
                .schedule()
                .learningRate(
                    new LearningRateSchedule.Moment(
                        epoch + (double) round / plan.rounds(),
                        options.epochs(),
                        history.validationErrors()));
        Averaging.Outcome outcome = averaging.round(state, work(plan, epoch, round, rate));
        state = outcome.state();
        lossSum += outcome.meanLoss() * outcome.examples();
        images += outcome.examples();
        progress.moveTo(images, String.format(Locale.ROOT, "loss %.4f", lossSum / images));
      }
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    Tally validation = validate(pictures, state);
    if (!Double.isFinite(validation.loss())) {
      throw new UserException(
          "Cannot go on training: the validation loss is %s after epoch %d. Lower the learning rate."
              .formatted(validation.loss(), epoch + 1));
    }
    return new EpochEnd(
        state,
        new TrainingHistory.Epoch(
            epoch + 1,
            rate,
            lossSum / images,
            validation.loss(),
            validation.top1Error(),
            validation.top5Error(),
            plan.rounds(),
            images,
            seconds,
            images / seconds));
  }

  private List<LocalSgd> work(EpochPlan plan, int epoch, int round, double rate) {
    Network.Step step =
        new Network.Step(rate, options.momentum(), options.weightDecay(), subject.rates());
    List<LocalSgd> work = new ArrayList<>();
    for (int worker = 0; worker < plan.workers(); worker++) {
      List<int[]> slice = plan.slice(round, worker);
      if (!slice.isEmpty()) {
        work.add(new LocalSgd(epoch, round, worker, slice, step));
      }
    }
    return work;
  }

  private Tally validate(Broadcast<PictureShelf> pictures, ModelState state) {
    Predictor predictor =
        new Predictor(
            spark,
            new Predictor.Options(
                options.workers(),
                options.minibatch(),
                Duration.ofMinutes(options.deadlineMinutes()),
                subject.backend()));
    Member member =
        new Member("averaged", subject.network(), subject.transform(), state.parameters(), 1);
    return predictor
        .ask(
            pictures,
            subject.validationSplit(),
            new Predictor.Question(List.of(member), List.of(), List.of()),
            done -> {})
        .get(0);
  }

  private void saveModels(ModelState state, TrainingHistory history) {
    Location models = run.child("models");
    TrainedModel.Description description =
        TrainedModel.description(
            trained(),
            subject.transform(),
            subject.manifest().labels(),
            history.last().epoch(),
            history.last().validationTop1Error());
    byte[] parameters = training.moved(state.parameters(), inference, new byte[inference.bytes()]);
    TrainedModel.write(models.child("last"), description, parameters);
    if (history.best().epoch() == history.last().epoch()) {
      TrainedModel.write(models.child("best"), description, parameters);
    }
  }

  private static String lines(TrainingHistory history) {
    StringBuilder lines = new StringBuilder();
    history.epochs().forEach(epoch -> lines.append(Documents.toJsonLine(epoch)));
    return lines.toString();
  }
}
