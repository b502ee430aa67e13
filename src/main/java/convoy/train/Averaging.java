package convoy.train;

import convoy.cluster.ClusterJob;
import convoy.core.UserException;
import convoy.data.PictureShelf;
import convoy.data.SplitName;
import convoy.network.ModelState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Runs one round on the cluster, as one Spark job: the state is broadcast, every worker trains from
 * it, slices of what they reach are shuffled and averaged where they meet.
 */
final class Averaging {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private final TrainingOptions options;

  /**
   * @param meanLoss over the round's examples, each before its step
   */
  record Outcome(ModelState state, int examples, double meanLoss) {}

  Averaging(
      JavaSparkContext spark,
      Broadcast<TrainingTask> task,
      Broadcast<PictureShelf> pictures,
      TrainingOptions options) {
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
    this.options = options;
  }

  /**
   * @param work one element a worker that has examples
   */
  Outcome round(ModelState state, List<LocalSgd> work) {
    Broadcast<ModelState> start = spark.broadcast(state);
    try {
      List<ParameterSum.Mean> means =
          ClusterJob.collect(
              spark,
              means(start, work),
              "epoch %d, round %d".formatted(work.get(0).epoch() + 1, work.get(0).round() + 1),
              Duration.ofMinutes(options.deadlineMinutes()),
              done -> {});
      requireAll(means, work);
      int examples = means.get(0).examples();
      return new Outcome(
          ParameterSum.assemble(means, state.parameters().length),
          examples,
          means.get(0).lossSum() / examples);
    } finally {
      start.destroy();
    }
  }

  private JavaRDD<ParameterSum.Mean> means(Broadcast<ModelState> start, List<LocalSgd> work) {
    int slices = work.size();
    boolean withMomentum = options.momentumBetweenRounds() == TrainingOptions.MomentumRule.AVERAGE;
    Broadcast<TrainingTask> shared = task;
    Broadcast<PictureShelf> shelf = pictures;
    return spark
        .parallelize(work, work.size())
        .flatMapToPair(
            worker -> {
              LocalSgd.Result result =
                  worker.run(shared.value(), shelf.value().store(SplitName.TRAIN), start.value());
              List<Tuple2<Integer, ParameterSum.Part>> parts = new ArrayList<>();
              List<ParameterSum.Part> cut =
                  ParameterSum.cut(worker.worker(), result, slices, withMomentum);
              IntStream.range(0, slices)
                  .forEach(slice -> parts.add(new Tuple2<>(slice, cut.get(slice))));
              return parts.iterator();
            })
        .groupByKey(new HashPartitioner(slices))
        .map(parts -> ParameterSum.mean(parts._1(), parts._2()));
  }

  /** Every slice has to hold every example of the round. */
  private static void requireAll(List<ParameterSum.Mean> means, List<LocalSgd> work) {
    int planned =
        work.stream()
            .mapToInt(worker -> worker.minibatches().stream().mapToInt(m -> m.length).sum())
            .sum();
    boolean whole =
        means.size() == work.size() && means.stream().allMatch(mean -> mean.examples() == planned);
    if (!whole) {
      throw new UserException(
          "Cannot average epoch %d, round %d: results of some workers are missing. Resume the run."
              .formatted(work.get(0).epoch() + 1, work.get(0).round() + 1));
    }
  }
}
