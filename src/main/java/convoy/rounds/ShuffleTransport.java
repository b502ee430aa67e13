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
final class ShuffleTransport extends DriverRounds {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private ModelState state;

  ShuffleTransport(
      JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    super(task.value());
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
  }

  @Override
  protected void begin(EpochWork epoch, ModelState first) {
    state = first;
  }

  @Override
  protected ModelState state() {
    return state;
  }

  /** Those that have examples in a round. */
  private static List<Integer> workers(EpochPlan plan, int round) {
    return IntStream.range(0, plan.workers())
        .filter(worker -> !plan.slice(round, worker).isEmpty())
        .boxed()
        .toList();
  }

  @Override
  protected Seen round(EpochWork epoch, EpochPlan plan, Position position) {
    List<Integer> workers = workers(plan, position.round());
    Broadcast<ModelState> start = spark.broadcast(state);
    try {
      List<ParameterSum.Mean> means =
          ClusterJob.collect(
              spark,
              means(epoch, position.round(), start, workers),
              position.toString(),
              task.value().deadline(),
              done -> {});
      requireAll(means, plan, position, workers);
      state = ParameterSum.assemble(means);
      return new Seen(means.get(0).examples(), means.get(0).lossSum());
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
      List<ParameterSum.Mean> means, EpochPlan plan, Position position, List<Integer> workers) {
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
