package convoy.cluster;

import convoy.core.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceInformation;

/** Runs a Spark job with a deadline, and tells meanwhile how many of its tasks are done. */
public final class ClusterJob {
  private static final long POLL_MILLIS = 200;

  /** Parts of Spark's messages that mean something outside Convoy, and what to do. */
  private static final Map<String, String> OPERATORS =
      Map.of(
          "ExecutorLostFailure",
              "an executor was lost. Look at its log; raise spark.executor.memoryOverhead if it was killed for memory.",
          "OutOfMemoryError", "an executor ran out of memory. Raise spark.executor.memory.",
          "can't allocate memory",
              "an executor got no memory outside its heap. Lower training.minibatch, or run on machines with more.",
          "CUDA out of memory", "a GPU ran out of memory. Lower training.minibatch.",
          "SparkContext was shut down",
              "Spark was stopped. Look at the log of the cluster, and run again with the same --run to resume.");

  private ClusterJob() {}

  /**
   * The elements of a small RDD, in order.
   *
   * @param what is waited for, for the message when the deadline passes
   * @param tasksDone is told the number of finished tasks from time to time
   * @throws UserException if a task failed for a reason that the operator can mend, or the deadline
   *     passed
   */
  public static <T> List<T> collect(
      JavaSparkContext spark,
      JavaRDD<T> rdd,
      String what,
      Duration deadline,
      IntConsumer tasksDone) {
    JavaFutureAction<List<T>> action = rdd.collectAsync();
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (true) {
        try {
          return action.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (System.nanoTime() > end) {
            action.cancel(true);
            throw new UserException(
                "Cannot finish %s: %d seconds have passed, %d tasks done. Look at the Spark page for lost workers, or raise the deadline."
                    .formatted(what, deadline.toSeconds(), tasksDone(spark, action)),
                e);
          }
          tasksDone.accept(tasksDone(spark, action));
        }
      }
    } catch (InterruptedException e) {
      action.cancel(true);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted during " + what, e);
    } catch (ExecutionException e) {
      throw failure(what, e.getCause());
    }
  }

  /** Number of the GPU that Spark gave the task that asks, if it hands out GPUs. */
  public static OptionalInt gpu() {
    TaskContext task = TaskContext.get();
    ResourceInformation given = task == null ? null : task.resourcesJMap().get("gpu");
    return given == null
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(given.addresses()[0]));
  }

  private static int tasksDone(JavaSparkContext spark, JavaFutureAction<?> action) {
    int done = 0;
    for (int job : action.jobIds()) {
      var info = spark.statusTracker().getJobInfo(job);
      if (info != null) {
        for (int stage : info.stageIds()) {
          SparkStageInfo stageInfo = spark.statusTracker().getStageInfo(stage);
          done += stageInfo == null ? 0 : stageInfo.numCompletedTasks();
        }
      }
    }
    return done;
  }

  /** Spark wraps a task's exception in text; ours is found again by its name. */
  private static RuntimeException failure(String what, Throwable cause) {
    String marker = UserException.class.getName() + ": ";
    String text = String.valueOf(cause.getMessage());
    int at = text.indexOf(marker);
    if (at >= 0) {
      String message = text.substring(at + marker.length()).lines().findFirst().orElse("");
      return new UserException(message, cause);
    }
    for (var known : OPERATORS.entrySet()) {
      if (text.contains(known.getKey())) {
        return new UserException("Cannot finish %s: %s".formatted(what, known.getValue()), cause);
      }
    }
    return new IllegalStateException("Spark could not finish " + what, cause);
  }
}
