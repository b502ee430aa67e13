package convoy.train;

import convoy.cluster.SparkContexts;
import convoy.core.UserException;
import convoy.network.Backend.DeviceKind;
import convoy.network.MemoryNeeds;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The memory that training will need, before it starts: a job that is killed in the night for too
 * little could have been told in the evening.
 *
 * @param states that are in heaps
 * @param vectors outside the heap that averaging needs for each replica
 * @param averagedBytes of each worker in a round
 * @param slots tasks that run at the same time on the whole cluster
 * @param pictureBytes of decoded pictures kept in an executor
 * @param keptBytes of probabilities that are kept until all members have answered
 * @param device that replicas live on
 */
public record MemoryPlan(
    MemoryNeeds needs,
    MemoryNeeds.States states,
    int vectors,
    long averagedBytes,
    int workers,
    int slots,
    long pictureBytes,
    long keptBytes,
    DeviceKind device) {
  private static final long MEBIBYTE = 1 << 20;

  /** Executors that replicas are on; locally the driver is the only one. */
  private static int executors(JavaSparkContext spark) {
    return spark.isLocal() ? 1 : Math.max(1, SparkContexts.executors(spark));
  }

  /** Replicas that one executor holds at once. */
  private int replicas(int executors) {
    return Math.min(workers, (slots + executors - 1) / executors);
  }

  private long localHeap() {
    return states.localBytes(needs, replicas(1), pictureBytes + keptBytes);
  }

  private long executorHeap(int executors) {
    return states.executorBytes(needs, replicas(executors), pictureBytes + keptBytes);
  }

  /** What replicas take of a GPU is not the machine's. */
  private long offHeap(int executors) {
    int replicas = replicas(executors);
    // Its vectors come to the machine's memory to be averaged.
    return device == DeviceKind.CUDA
        ? needs.executorOffHeapBytes(0, vectors * replicas) + replicas * needs.stateBytes()
        : needs.executorOffHeapBytes(replicas, vectors * replicas);
  }

  /** Lines for the operator. */
  public String describe(JavaSparkContext spark) {
    List<String> lines = new ArrayList<>();
    int executors = executors(spark);
    lines.add(
        "State of %,d values; a round averages %s of each worker."
            .formatted(needs.stateValues(), mebibytes(averagedBytes)));
    if (workers > slots) {
      lines.add(
          "%d workers on %d slots: every round runs in %d waves."
              .formatted(workers, slots, (workers + slots - 1) / slots));
    }
    if (spark.isLocal()) {
      lines.add(
          "Memory needed: heap %s, outside the heap %s."
              .formatted(mebibytes(localHeap()), mebibytes(offHeap(executors))));
    } else {
      lines.add(
          "Memory needed: driver heap %s; executor heap %s (spark.executor.memory), outside its heap %s (spark.executor.memoryOverhead)."
              .formatted(
                  mebibytes(states.driverBytes(needs)),
                  mebibytes(executorHeap(executors)),
                  mebibytes(offHeap(executors))));
    }
    if (device != DeviceKind.CPU) {
      // Locally Spark hands out no GPUs, and all replicas go to the first.
      long onOne = spark.isLocal() ? replicas(executors) : 1;
      lines.add("A GPU needs %s.".formatted(mebibytes(onOne * needs.replicaBytes())));
    }
    return String.join("\n", lines) + "\n";
  }

  /** Refuses to start a job that would run out of memory. */
  public void requireRoom(JavaSparkContext spark) {
    if (spark.isLocal()) {
      requireRoomOnThisMachine();
      return;
    }
    requireDriverHeap(states.driverBytes(needs));
    // Spark reads a number without a unit as MiB.
    long executor = spark.getConf().getSizeAsMb("spark.executor.memory", "1g") * MEBIBYTE;
    long wanted = executorHeap(executors(spark));
    if (wanted > executor) {
      throw new UserException(
          "Cannot train with an executor heap of %s: %s are needed. Raise spark.executor.memory in conf/spark/*.conf (--spark)."
              .formatted(mebibytes(executor), mebibytes(wanted)));
    }
    requireRoomBesideTheHeap(spark, executor);
  }

  /** The same of a training whose workers are all in this JVM. */
  public void requireRoomOnThisMachine() {
    requireDriverHeap(localHeap());
    long machine = machineBytes();
    if (localHeap() + offHeap(1) > machine) {
      throw new UserException(
          "Cannot train on this machine of %s: %s in the heap and %s outside are needed. Lower training.minibatch or training.workers, or take a larger machine."
              .formatted(mebibytes(machine), mebibytes(localHeap()), mebibytes(offHeap(1))));
    }
  }

  private static void requireDriverHeap(long wanted) {
    long driver = Runtime.getRuntime().maxMemory();
    if (wanted > driver) {
      throw new UserException(
          "Cannot train with a driver heap of %s: %s are needed. Raise spark.driver.memory in conf/spark/*.conf (--spark)."
              .formatted(mebibytes(driver), mebibytes(wanted)));
    }
  }

  /** What cluster managers grant; a standalone cluster does not watch memory outside the heap. */
  private void requireRoomBesideTheHeap(JavaSparkContext spark, long executorHeap) {
    if (spark.master().startsWith("spark:")) {
      return;
    }
    double factor = spark.getConf().getDouble("spark.executor.memoryOverheadFactor", 0.1);
    long granted =
        spark
                .getConf()
                .getSizeAsMb(
                    "spark.executor.memoryOverhead",
                    Math.max(384, (long) (factor * executorHeap / MEBIBYTE)) + "m")
            * MEBIBYTE;
    long wanted = offHeap(executors(spark));
    if (wanted > granted) {
      throw new UserException(
          "Cannot train with %s beside an executor's heap: %s are needed. Raise spark.executor.memoryOverhead in conf/spark/*.conf (--spark)."
              .formatted(mebibytes(granted), mebibytes(wanted)));
    }
  }

  /** Of this machine, as far as it is known. */
  public static long machineBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }

  private static String mebibytes(long bytes) {
    return "%,d MiB".formatted((bytes + MEBIBYTE - 1) / MEBIBYTE);
  }
}
