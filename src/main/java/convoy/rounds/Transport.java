package convoy.rounds;

import convoy.core.UserException;
import convoy.data.reading.PictureShelf;
import convoy.network.MemoryNeeds;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * How the workers of a run come together. Either way a round is the same function of (state,
 * slices, seed): every worker takes its steps from the state, and the mean of what they reach,
 * weighted by examples, is the next state.
 */
public interface Transport {

  /** The two ways. */
  enum Kind {
    /**
     * Workers are tasks for a whole epoch, and sum up among themselves; the driver has no state.
     */
    ALL_REDUCE,
    /** A round is a Spark job: the state is broadcast, and averaged where it is shuffled to. */
    SPARK;

    /** That heaps hold at the most. */
    public MemoryNeeds.States states(TrainingTask.Rules rules) {
      return switch (this) {
        // Of a checkpoint that is read or written, and each worker's own part of it.
        case ALL_REDUCE ->
            new MemoryNeeds.States(
                0,
                2 + rules.sharedVectors(),
                rules.ownVectors().isEmpty() && rules.recalibration() == 0 ? 1 : 2);
        // Driver: this round's and the next, the broadcast's blocks, the slices that come back.
        // Executor: the broadcast's. Replica: what it reached, its slices, the averaging's sums.
        case SPARK -> new MemoryNeeds.States(4, 1, 4);
      };
    }
  }

  /** Makes rounds of another library, dl4j-spark. */
  interface Foreign {
    Transport of(
        JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures);
  }

  /** It is found as a service, so that nobody else depends on the library. */
  static Foreign foreign() {
    return ServiceLoader.load(Foreign.class, Transport.class.getClassLoader())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("There are no rounds of dl4j-spark"));
  }

  /** One of a kind. */
  static Transport of(
      Kind kind,
      JavaSparkContext spark,
      Broadcast<TrainingTask> task,
      Broadcast<PictureShelf> pictures) {
    return switch (kind) {
      case ALL_REDUCE -> new AllReduceTransport(spark, task, pictures);
      case SPARK -> new ShuffleTransport(spark, task, pictures);
    };
  }

  /**
   * Refuses workers that a cluster cannot bring together.
   *
   * @param unauthenticated whether they may connect so where Spark authenticates
   */
  static void require(Kind kind, JavaSparkContext spark, int workers, boolean unauthenticated) {
    if (kind == Kind.ALL_REDUCE) {
      AllReduceTransport.require(spark, workers, unauthenticated);
    }
  }

  /** Refuses more workers than there are slots, where all have to run at the same time. */
  static void requireSlots(Kind kind, int workers, int slots) {
    if (kind == Kind.ALL_REDUCE && workers > slots) {
      throw new UserException(
          "Cannot train %d workers at the same time on %d slots (cores of the cluster). Set training.workers=%d, or training.transport=spark, which lets them wait for each other."
              .formatted(workers, slots, slots));
    }
  }

  /** Who is told. */
  interface Watcher extends Consumer<Position> {

    /** Something that an operator should know. */
    void note(String text);
  }

  /**
   * Trains to the end of an epoch, from the newest checkpoint on, and leaves a checkpoint there.
   *
   * @param watcher is told how far it is from time to time
   */
  Position train(EpochWork epoch, Watcher watcher);
}
