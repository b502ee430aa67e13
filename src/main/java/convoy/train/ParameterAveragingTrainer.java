package convoy.train;

import convoy.cluster.ClusterJob;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.data.sources.SplitName;
import convoy.evaluate.Member;
import convoy.evaluate.Predictor;
import convoy.evaluate.Tally;
import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import convoy.network.Replicas;
import convoy.network.StateLayout;
import convoy.network.TrainedModel;
import convoy.rounds.Checkpoints;
import convoy.rounds.EpochWork;
import convoy.rounds.Position;
import convoy.rounds.TrainingTask;
import convoy.rounds.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
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
  private final Checkpoints checkpoints;
  private final TrainingMetrics metrics;

  ParameterAveragingTrainer(
      JavaSparkContext spark,
      TrainingSubject subject,
      TrainingOptions options,
      Location run,
      TrainingMetrics metrics) {
    this.spark = spark;
    this.metrics = metrics;
    this.subject = subject;
    this.options = options;
    this.run = run;
    checkpoints =
        new Checkpoints(run.child("checkpoints"), subject.network(), options.checkpointsKept());
  }

  /** What is left of the network when training is over. */
  private NetworkSpec trained() {
    return subject.network().in(NetworkSpec.Phase.INFERENCE);
  }

  /**
   * Trains, or goes on training, to the last epoch.
   *
   * @param owned throws when somebody else writes into the run by now
   * @param listener is told of each epoch when its checkpoint is safe
   */
  Result train(Runnable owned, Training.Listener listener) {
    Broadcast<TrainingTask> task = spark.broadcast(task());
    Broadcast<PictureShelf> pictures =
        spark.broadcast(new PictureShelf(subject.dataset(), subject.manifest(), subject.room()));
    TrainingHistory history;
    try {
      history = epochs(transport(task, pictures), pictures, owned, listener);
    } finally {
      ClusterJob.free(pictures);
      ClusterJob.free(task);
      Replicas.closeIdle();
    }
    Result result =
        new Result(
            history.best(),
            history.last(),
            Architectures.blueprint(trained()).parameters(),
            newest().digest(),
            history.seconds());
    run.child("result.json").writeText(Documents.toJson(result));
    return result;
  }

  private Transport transport(Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    return switch (options.averaging()) {
      case CONVOY -> Transport.of(options.transport(), spark, task, pictures);
      case DL4J_SPARK -> Transport.foreign().of(spark, task, pictures);
    };
  }

  private TrainingTask task() {
    return new TrainingTask(
        subject.network(),
        subject.augmenter(),
        subject.weights(),
        subject.identities(),
        subject.manifest().labels(),
        subject.seed(),
        options.rules(),
        subject.backend(),
        checkpoints);
  }

  private Checkpoints.Checkpoint newest() {
    return checkpoints
        .newest()
        .orElseThrow(() -> new UserException("Cannot go on: %s has no checkpoint.".formatted(run)));
  }

  /** Every epoch is trained, validated, and only then noted. */
  private TrainingHistory epochs(
      Transport transport,
      Broadcast<PictureShelf> pictures,
      Runnable owned,
      Training.Listener listener) {
    Location file = run.child(TrainingHistory.FILE);
    int safe = checkpoints.newest().map(newest -> newest.position().epochs()).orElse(0);
    TrainingHistory history = TrainingHistory.read(file).of(safe);
    checkpoints
        .newest()
        .filter(newest -> !options.areDone(TrainingHistory.read(file).of(safe)))
        .ifPresent(
            newest -> listener.message("Goes on after %s.\n".formatted(newest.position().done())));
    while (!options.areDone(history)) {
      int epoch = history.epochs().size();
      owned.run();
      EpochWork work = work(epoch, history);
      Position end = train(transport, work, history, listener);
      if (end.epochs() > epoch + 1) {
        throw new UserException(
            "Cannot resume %s: its newest checkpoint is after epoch %d, but %s has %d epochs. Put the file back, or begin a new run."
                .formatted(run, end.epochs(), file.name(), epoch));
      }
      if (end.epochs() <= epoch) {
        // Damaged checkpoints were left out, and training goes on from an earlier epoch.
        history = history.of(end.epochs());
        continue;
      }
      history = history.with(validated(end, work, validate(pictures)));
      owned.run();
      saveModels(history);
      history.write(file);
      metrics.tell(history.last());
      listener.epoch(history.last());
    }
    if (history.epochs().size() < options.plannedEpochs()) {
      listener.message(
          "Stopped early: the validation error has not fallen for %d epochs.\n"
              .formatted(options.earlyStoppingEpochs().orElseThrow()));
    }
    return history;
  }

  private EpochWork work(int epoch, TrainingHistory history) {
    int[] shardExamples =
        trainingSplit().shards().stream().mapToInt(DatasetManifest.Shard::examples).toArray();
    EpochPlan.Layout layout = options.layout(history);
    int rounds = EpochWork.plan(shardExamples, layout, subject.seed(), epoch).rounds();
    double[] learningRates =
        IntStream.range(0, rounds)
            .mapToDouble(round -> options.learningRate(epoch + (double) round / rounds, history))
            .toArray();
    return new EpochWork(
        epoch,
        history.rounds(),
        shardExamples,
        layout,
        subject.seed(),
        learningRates,
        options.step(trainingSplit().classCounts(), subject.rates()));
  }

  private DatasetManifest.Split trainingSplit() {
    return subject.manifest().split(SplitName.TRAIN);
  }

  private Position train(
      Transport transport, EpochWork work, TrainingHistory history, Training.Listener listener) {
    double before = history.seconds();
    String name = "epoch %d of %d".formatted(work.number() + 1, options.plannedEpochs());
    try (Progress progress = Progress.of(name, "images", trainingSplit().examples());
        Spectators spectators = new Spectators(new RunFolder(run))) {
      return transport.train(
          work,
          new Transport.Watcher() {
            @Override
            public void accept(Position position) {
              progress.moveTo(
                  position.examples(),
                  String.format(Locale.ROOT, "loss %.4f", position.meanLoss()));
              spectators.tell(now(position, before));
              metrics.tell(position);
            }

            @Override
            public void note(String text) {
              listener.message(text + "\n");
            }
          });
    }
  }

  private TrainingState.Now now(Position position, double secondsBefore) {
    return new TrainingState.Now(
        position.epoch(),
        position.examples(),
        trainingSplit().examples(),
        position.meanLoss(),
        secondsBefore + position.costs().seconds());
  }

  private TrainingHistory.Epoch validated(Position end, EpochWork work, Tally validation) {
    if (!Double.isFinite(validation.loss())) {
      throw new UserException(
          "Cannot go on training: the validation loss is %s after epoch %d. Lower the learning rate."
              .formatted(validation.loss(), end.epochs()));
    }
    return new TrainingHistory.Epoch(
        end.epochs(),
        work.learningRates()[end.rounds() - 1],
        end.meanLoss(),
        validation.loss(),
        validation.top1Error(),
        validation.top5Error(),
        end.rounds(),
        work.layout().minibatchesPerRound(),
        work.minibatches(),
        end.examples(),
        end.costs().seconds(),
        end.costs().stepSeconds(),
        end.costs().readingSeconds(),
        end.costs().averagingSeconds(),
        end.costs().sentBytes(),
        end.examples() / end.costs().seconds(),
        Optional.of(subject.backend()));
  }

  /** Of the newest checkpoint, which those who ask read themselves. */
  private Tally validate(Broadcast<PictureShelf> pictures) {
    Predictor predictor =
        new Predictor(
            spark,
            new Predictor.Options(
                options.workers(), options.minibatch(), options.deadline(), subject.backend()));
    Checkpoints.Checkpoint newest = newest();
    Member member =
        new Member("averaged", subject.network(), subject.transform(), newest::parameters, 1);
    return predictor
        .ask(
            pictures,
            subject.validationSplit(),
            Predictor.Question.of(List.of(member), List.of()),
            done -> {})
        .get(0);
  }

  /** On an executor: the driver has no room for states. */
  private void saveModels(TrainingHistory history) {
    Location models = run.child("models");
    List<Location> places = new ArrayList<>(List.of(models.child("last")));
    if (history.best().epoch() == history.last().epoch()) {
      places.add(models.child("best"));
    }
    NetworkSpec training = subject.network();
    TrainedModel.Description description =
        TrainedModel.description(
            trained(),
            subject.transform(),
            subject.manifest().labels(),
            history.last().epoch(),
            history.last().validationTop1Error());
    Checkpoints.Checkpoint newest = newest();
    var unused =
        ClusterJob.collect(
            spark,
            spark
                .parallelize(places, 1)
                .map(
                    place -> {
                      StateLayout inference =
                          StateLayout.of(training.in(NetworkSpec.Phase.INFERENCE));
                      byte[] parameters =
                          StateLayout.of(training)
                              .moved(newest.parameters(), inference, new byte[inference.bytes()]);
                      TrainedModel.write(place, description, parameters);
                      return place.name();
                    }),
            "saving the models",
            options.deadline(),
            done -> {});
  }
}
