package convoy.job;

import convoy.core.UserException;
import convoy.network.MemoryNeeds;
import convoy.network.NetworkSpec;
import convoy.train.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The memory that training will need, before it starts: a job that is killed in the night for too
 * little could have been told in the evening.
 *
 * @param driverHeap bytes in the driver, without a local mode's executor
 * @param executorHeap bytes in an executor
 * @param executorOffHeap bytes in an executor that the JVM's heap does not count
 */
record MemoryPlan(
    MemoryNeeds needs,
    int workers,
    int slots,
    long driverHeap,
    long executorHeap,
    long executorOffHeap) {
  private static final long MEBIBYTE = 1 << 20;

  /** Spark, Hadoop and the JVM themselves. */
  private static final long BASE = 400 * MEBIBYTE;

  /** Libraries' code, metaspace, threads, network buffers. */
  private static final long OFF_HEAP_BASE = 500 * MEBIBYTE;

  /**
   * @param slots tasks that run at the same time on the whole cluster
   */
  static MemoryPlan forTraining(
      NetworkSpec network, TrainingOptions options, int cacheMebibytes, int slots) {
    MemoryNeeds needs = MemoryNeeds.of(network, options.minibatch());
    long state = needs.stateBytes();
    return new MemoryPlan(
        needs,
        options.workers(),
        slots,
        // State of this round and the next, the broadcast's blocks, the slices that come back.
        BASE + 4 * state,
        // Broadcast state once, and for each slot the state reached, its slices, the sums of the
        // averaging.
        BASE + cacheMebibytes * MEBIBYTE + state + 4 * state,
        OFF_HEAP_BASE + needs.replicaBytes());
  }

  /** Slots of one executor JVM. */
  private static int slotsOfExecutor(JavaSparkContext spark) {
    return spark.isLocal()
        ? SparkContexts.slots(spark)
        : Integer.parseInt(spark.getConf().get("spark.executor.cores", "1"));
  }

  private long heap(JavaSparkContext spark) {
    int busy = Math.min(workers, slotsOfExecutor(spark));
    long stateOfSlots = 4 * needs.stateBytes() * (busy - 1);
    return executorHeap + stateOfSlots + (spark.isLocal() ? driverHeap - BASE : 0);
  }

  private long offHeap(JavaSparkContext spark) {
    int busy = Math.min(workers, slotsOfExecutor(spark));
    return executorOffHeap + needs.replicaBytes() * (busy - 1);
  }

  String describe(JavaSparkContext spark) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "State of %,d values; a round sends each worker's %s and brings back as much."
            .formatted(needs.stateValues(), mebibytes(needs.stateBytes())));
    if (workers > slots) {
      lines.add(
          "%d workers on %d slots: every round runs in %d waves."
              .formatted(workers, slots, (workers + slots - 1) / slots));
    }
    if (spark.isLocal()) {
      lines.add(
          "Memory needed: heap %s, outside the heap %s."
              .formatted(mebibytes(heap(spark)), mebibytes(offHeap(spark))));
    } else {
      lines.add(
          "Memory needed: driver heap %s; executor heap %s (spark.executor.memory), outside its heap %s (spark.executor.memoryOverhead)."
              .formatted(mebibytes(driverHeap), mebibytes(heap(spark)), mebibytes(offHeap(spark))));
    }
    return String.join("\n", lines) + "\n";
  }

  /** Refuses to start a job that would run out of heap. */
  void requireRoom(JavaSparkContext spark) {
    long driver = Runtime.getRuntime().maxMemory();
    long wanted = spark.isLocal() ? heap(spark) : driverHeap;
    if (wanted > driver) {
      throw new UserException(
          "Cannot train with a driver heap of %s: %s are needed. Raise spark.driver.memory in conf/spark/*.conf (--spark)."
              .formatted(mebibytes(driver), mebibytes(wanted)));
    }
    long executor = spark.getConf().getSizeAsBytes("spark.executor.memory", "1g");
    if (!spark.isLocal() && heap(spark) > executor) {
      throw new UserException(
          "Cannot train with an executor heap of %s: %s are needed. Raise spark.executor.memory in conf/spark/*.conf (--spark)."
              .formatted(mebibytes(executor), mebibytes(heap(spark))));
    }
  }

  private static String mebibytes(long bytes) {
    return "%,d MiB".formatted((bytes + MEBIBYTE - 1) / MEBIBYTE);
  }
}
