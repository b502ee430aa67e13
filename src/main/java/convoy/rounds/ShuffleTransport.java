package convoy.rounds;

import convoy.cluster.ClusterJob;
import convoy.core.UserException;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.PictureShelf;
import convoy.data.sources.SplitName;
import convoy.network.ModelState;
import convoy.network.Replicas;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Runs a round as one Spark job: the state is broadcast, every worker trains from it, slices of
 * what they reach are shuffled and averaged where they meet. All that is sent goes Spark's ways,
 * with its authentication and encryption, and workers may be more than there are slots; but a round
 * costs seconds for a large network.
 */
final class ShuffleTransport implements Transport {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private ModelState state;

  ShuffleTransport(
      JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
  }

  @Override
  public Position train(EpochWork epoch, Watcher watcher) {
    TrainingTask common = task.value();
    Checkpoints checkpoints = common.checkpoints();
    Position position =
        epoch.from(
            checkpoints
                .restore(watcher::note, restored -> state = restored.state())
                .orElseGet(
                    () -> {
                      state = common.first();
                      return Position.begin(0, epoch.rounds());
                    }));
    if (position.epoch() != epoch.number()) {
      return position;
    }
    CheckpointRule rule = new CheckpointRule(common.rules());
    EpochPlan plan = epoch.plan();
    long started = System.nanoTime();
    double before = position.costs().seconds();
    while (!position.isEnd()) {
      ParameterSum.Mean counts = round(epoch, position, workers(plan, position.round()));
      position =
          position
              .after(counts.examples(), counts.lossSum())
              .at(position.costs().and(0, 0, 0, 0, before + (System.nanoTime() - started) / 1e9));
      if (rule.isDue(position)) {
        checkpoints.save(new Checkpoints.Content(state, Map.of()), position);
      }
      watcher.accept(position);
    }
    return position;
  }

  /** Those that have examples in a round. */
  private static List<Integer> workers(EpochPlan plan, int round) {
    return IntStream.range(0, plan.workers())
        .filter(worker -> !plan.slice(round, worker).isEmpty())
        .boxed()
        .toList();
  }

  private ParameterSum.Mean round(EpochWork epoch, Position position, List<Integer> workers) {
    Broadcast<ModelState> start = spark.broadcast(state);
    try {
      List<ParameterSum.Mean> means =
          ClusterJob.collect(
              spark,
              means(epoch, position.round(), start, workers),
              position.toString(),
              task.value().deadline(),
              done -> {});
      requireAll(means, epoch, position, workers);
      state = ParameterSum.assemble(means);
      return means.get(0);
    } finally {
      start.destroy();
    }
  }

  private JavaRDD<ParameterSum.Mean> means(
      EpochWork epoch, int round, Broadcast<ModelState> start, List<Integer> workers) {
    int slices = workers.size();
    Broadcast<TrainingTask> shared = task;
    Broadcast<PictureShelf> shelf = pictures;
    return spark
        .parallelize(workers, slices)
        .flatMapToPair(
            worker -> {
              List<ParameterSum.Part> parts =
                  work(shared.value(), shelf.value(), epoch, round, start.value(), worker, slices);
              List<Tuple2<Integer, ParameterSum.Part>> keyed = new ArrayList<>();
              IntStream.range(0, slices)
                  .forEach(slice -> keyed.add(new Tuple2<>(slice, parts.get(slice))));
              return keyed.iterator();
            })
        .groupByKey(new HashPartitioner(slices))
        .map(parts -> ParameterSum.mean(parts._1(), parts._2()));
  }

  /** One worker's round, cut into slices. */
  private static List<ParameterSum.Part> work(
      TrainingTask task,
      PictureShelf pictures,
      EpochWork epoch,
      int round,
      ModelState start,
      int worker,
      int slices) {
    try (LocalSgd sgd =
        new LocalSgd(task, epoch, pictures.store(SplitName.TRAIN), worker, round, round + 1)) {
      return Replicas.use(
          new Replicas.Kind(task.network(), task.backend(), ClusterJob.gpu()),
          sgd.where(round),
          task.deadline(),
          network -> {
            network.remember(epoch.step().optimizer());
            network.restore(start);
            LocalSgd.Steps steps = sgd.steps(network, round, () -> false);
            return ParameterSum.cut(
                worker,
                steps,
                network.state(),
                slices,
                task.rules().momentum() == MomentumRule.AVERAGE);
          });
    }
  }

  /** Every slice has to hold every example of the round. */
  private static void requireAll(
      List<ParameterSum.Mean> means, EpochWork epoch, Position position, List<Integer> workers) {
    EpochPlan plan = epoch.plan();
    int planned =
        workers.stream()
            .flatMap(worker -> plan.slice(position.round(), worker).stream())
            .mapToInt(minibatch -> minibatch.length)
            .sum();
    boolean whole =
        means.size() == workers.size()
            && means.stream().allMatch(mean -> mean.examples() == planned);
    if (!whole) {
      throw new UserException(
          "Cannot average %s: results of some workers are missing. Resume the run."
              .formatted(position));
    }
  }
}
