package convoy.rounds;

import convoy.cluster.ClusterJob;
import convoy.cluster.Gauge;
import convoy.cluster.SparkContexts;
import convoy.core.UserException;
import convoy.data.reading.PictureShelf;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Runs an epoch as one barrier stage whose tasks are the workers. When a worker is lost, all go on
 * from the newest checkpoint; not by Spark's own second attempt, which stages with results do not
 * get.
 */
final class AllReduceTransport implements Transport {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private final Gauge gauge;
  private List<String> places = List.of();

  AllReduceTransport(
      JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
    gauge = Gauge.shown(spark);
  }

  /** Refuses a cluster that cannot run all workers at once. */
  static void require(JavaSparkContext spark, int workers, boolean unauthenticated) {
    if (SparkContexts.executorsComeAndGo(spark)) {
      throw new UserException(
          "Cannot train with training.transport=all-reduce while executors come and go (spark.dynamicAllocation.enabled). Set training.transport=spark, or turn that off.");
    }
    if (spark.getConf().getBoolean("spark.authenticate", false) && !unauthenticated) {
      throw new UserException(
          "Cannot train with training.transport=all-reduce where spark.authenticate is on: its connections are neither authenticated nor encrypted. Set training.transport=spark, or training.allow-unauthenticated=true if the network is trusted.");
    }
    Transport.requireSlots(Kind.ALL_REDUCE, workers, SparkContexts.awaitSlots(spark, workers));
  }

  @Override
  public Position train(EpochWork epoch, Watcher watcher) {
    int losses = 0;
    while (true) {
      Optional<Position> before = newest();
      try {
        return attempt(epoch, watcher);
      } catch (ClusterJob.TasksLostException e) {
        losses = newest().equals(before) ? losses + 1 : 1;
        if (losses > ClusterJob.RETRIES) {
          throw new UserException(e.getMessage(), e);
        }
        watcher.note("%s Going on from the newest checkpoint.".formatted(e.getMessage()));
        requireSlots(epoch);
      }
    }
  }

  private Optional<Position> newest() {
    return task.value().checkpoints().newest().map(Checkpoints.Checkpoint::position);
  }

  private void requireSlots(EpochWork epoch) {
    int workers = epoch.layout().workers();
    int slots = SparkContexts.awaitSlots(spark, workers);
    if (slots < workers) {
      throw new UserException(
          "Cannot go on with epoch %d: it needs %d slots at the same time, and the cluster has only %d left. Start workers and run again with the same --run, or set training.workers lower in a new run."
              .formatted(epoch.number() + 1, workers, slots));
    }
  }

  /** Where each worker was in the epoch before: what it has fetched is there. */
  private List<String> places(int workers) {
    return places.size() == workers ? places : Collections.nCopies(workers, "");
  }

  private Position attempt(EpochWork epoch, Watcher watcher) {
    MeetingPoint meeting = task.value().checkpoints().meetingPoint();
    meeting.open();
    int workers = epoch.layout().workers();
    List<AllReduceWorker.End> ends;
    try {
      ends =
          ClusterJob.together(
              spark,
              ClusterJob.numbers(spark, places(workers)),
              new AllReduceWorker(task, pictures, epoch, gauge, meeting)::run,
              "epoch %d".formatted(epoch.number() + 1),
              new ClusterJob.Watch(
                  gauge, values -> watcher.accept(Position.of(values)), task.value().deadline()));
    } finally {
      meeting.close();
    }
    places = ends.stream().map(AllReduceWorker.End::place).toList();
    ends.forEach(end -> end.notes().forEach(watcher::note));
    UserException.throwIfAny(
        ends.stream().flatMap(end -> end.failures().stream()).limit(1).toList());
    Position end = ends.get(0).position();
    watcher.accept(end);
    return end;
  }
}
