package convoy.job;

import convoy.core.UserException;
import convoy.network.MemoryNeeds;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The memory that training will need, before it starts: a job that is killed in the night for too
 * little could have been told in the evening.
 *
 * @param slots tasks that run at the same time on the whole cluster
 * @param pictureBytes of decoded pictures kept in an executor
 */
record MemoryPlan(MemoryNeeds needs, int workers, int slots, long pictureBytes) {
  private static final long MEBIBYTE = 1 << 20;

  /** Slots of one executor JVM. */
  private static int slotsOfExecutor(JavaSparkContext spark) {
    return spark.isLocal()
        ? SparkContexts.slots(spark)
        : Integer.parseInt(spark.getConf().get("spark.executor.cores", "1"));
  }

  /** Replicas that one executor holds at once. */
  private int replicas(JavaSparkContext spark) {
    return Math.min(workers, slotsOfExecutor(spark));
  }

  private long heap(JavaSparkContext spark) {
    return spark.isLocal()
        ? needs.localHeapBytes(replicas(spark), pictureBytes)
        : needs.executorHeapBytes(replicas(spark), pictureBytes);
  }

  private long offHeap(JavaSparkContext spark) {
    return needs.executorOffHeapBytes(replicas(spark));
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
              .formatted(
                  mebibytes(needs.driverHeapBytes()),
                  mebibytes(heap(spark)),
                  mebibytes(offHeap(spark))));
    }
    return String.join("\n", lines) + "\n";
  }

  /** Refuses to start a job that would run out of heap. */
  void requireRoom(JavaSparkContext spark) {
    long driver = Runtime.getRuntime().maxMemory();
    long wanted = spark.isLocal() ? heap(spark) : needs.driverHeapBytes();
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
