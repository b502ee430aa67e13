package convoy.rounds;

import convoy.cluster.ClusterJob;
import convoy.cluster.Gauge;
import convoy.cluster.SparkContexts;
import convoy.core.UserException;
import convoy.data.PictureShelf;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Runs an epoch as one barrier stage whose tasks are the workers. A stage that loses a task is
 * started again by Spark, and goes on from the newest checkpoint.
 */
final class AllReduceTransport implements Transport {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private final Gauge gauge;

  AllReduceTransport(
      JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
    gauge = Gauge.shown(spark);
  }

  /** Refuses a cluster that cannot run all workers at once. */
  static void require(JavaSparkContext spark, int workers, boolean unauthenticated) {
    if (spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new UserException(
          "Cannot train with training.transport=all-reduce while executors come and go (spark.dynamicAllocation.enabled). Set training.transport=spark, or turn that off.");
    }
    if (spark.getConf().getBoolean("spark.authenticate", false) && !unauthenticated) {
      throw new UserException(
          "Cannot train with training.transport=all-reduce where spark.authenticate is on: its connections are neither authenticated nor encrypted. Set training.transport=spark, or training.allow-unauthenticated=true if the network is trusted.");
    }
    int slots = SparkContexts.awaitSlots(spark, workers);
    if (workers > slots) {
      throw new UserException(
          "Cannot train %d workers at the same time on %d slots (cores of the cluster). Set training.workers=%d, or training.transport=spark, which lets them wait for each other."
              .formatted(workers, slots, slots));
    }
  }

  @Override
  public Position train(EpochWork epoch, Watcher watcher) {
    int workers = epoch.layout().workers();
    MeetingPoint meeting = task.value().checkpoints().meetingPoint();
    meeting.open();
    AllReduceWorker worker = new AllReduceWorker(task, pictures, epoch, gauge);
    List<AllReduceWorker.End> ends =
        ClusterJob.together(
            spark,
            workers,
            worker::run,
            "epoch %d".formatted(epoch.number() + 1),
            new ClusterJob.Watch(
                gauge, values -> watcher.accept(Position.of(values)), task.value().deadline()));
    meeting.close();
    AllReduceWorker.End first = ends.get(0);
    ends.forEach(end -> end.notes().forEach(watcher::note));
    ends.stream()
        .flatMap(end -> end.failures().stream())
        .findFirst()
        .ifPresent(
            failure -> {
              throw new UserException(failure);
            });
    watcher.accept(first.position());
    return first.position();
  }
}
