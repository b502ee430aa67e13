package convoy.cluster;

import convoy.core.UserException;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.JavaSparkContext$;
import org.apache.spark.resource.ResourceInformation;
import scala.Function1;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;

/** Runs a Spark job with a deadline, and tells meanwhile how many of its tasks are done. */
public final class ClusterJob {
  private static final long POLL_MILLIS = 200;

  /** For which no task of those that run together may be running. */
  private static final Duration SLOTS_DEADLINE = Duration.ofMinutes(1);

  /** Parts of Spark's messages that mean something outside Convoy, and what to do. */
  private static final Map<String, String> OPERATORS =
      Map.of(
          "ExecutorLostFailure",
              "an executor was lost. Look at its log; raise spark.executor.memoryOverhead if it was killed for memory.",
          "OutOfMemoryError", "an executor ran out of memory. Raise spark.executor.memory.",
          "can't allocate memory",
              "an executor got no memory outside its heap. Lower training.minibatch, or run on machines with more.",
          "CUDA out of memory", "a GPU ran out of memory. Lower training.minibatch.",
          "SPARK-24819",
              "the cluster has fewer slots than training.workers. Start workers of Spark, or set training.workers lower in a new run.",
          "GroupException",
              "workers lost each other time and again. Look at the executors' logs; the run resumes with the same --run.",
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
    return await(
        action,
        what,
        () -> {
          if (System.nanoTime() > end) {
            throw new UserException(
                "Cannot finish %s: %d seconds have passed, %d tasks done. Look at the Spark page for lost workers, or raise the deadline."
                    .formatted(what, deadline.toSeconds(), tasksDone(spark, action)));
          }
          tasksDone.accept(tasksDone(spark, action));
        });
  }

  /**
   * How tasks that run together are watched.
   *
   * @param gauge that they show what they do on
   * @param reader of the gauge
   * @param silence the longest for which the gauge may stand still
   */
  public record Watch(Gauge gauge, Consumer<double[]> reader, Duration silence) {}

  /** What a task does that runs together with others. */
  public interface Task<T> extends Serializable {
    T run(TaskContext context);
  }

  /**
   * Runs tasks at the same time, as a barrier stage; when one is lost, Spark starts all of them
   * again.
   *
   * @return what each came to
   * @throws UserException if a task failed for a reason that the operator can mend, there are fewer
   *     slots than tasks, or the gauge stood still
   */
  public static <T> List<T> together(
      JavaSparkContext spark, int tasks, Task<T> task, String what, Watch watch) {
    ClassTag<T> tag = JavaSparkContext$.MODULE$.fakeClassTag();
    Function1<scala.collection.Iterator<Integer>, scala.collection.Iterator<T>> run =
        (Function1<scala.collection.Iterator<Integer>, scala.collection.Iterator<T>> & Serializable)
            unused ->
                JavaConverters.asScalaIterator(List.of(task.run(TaskContext.get())).iterator());
    JavaRDD<T> rdd =
        JavaRDD.fromRDD(
            spark
                .parallelize(IntStream.range(0, tasks).boxed().toList(), tasks)
                .rdd()
                .barrier()
                .mapPartitions(run, false, tag),
            tag);
    JavaFutureAction<List<T>> action = rdd.collectAsync();
    AtomicLong moved = new AtomicLong(System.nanoTime());
    AtomicLong ran = new AtomicLong(System.nanoTime());
    try (Gauge.Watching watching =
        watch
            .gauge()
            .watch(
                spark,
                values -> {
                  moved.set(System.nanoTime());
                  watch.reader().accept(values);
                })) {
      watching.begin();
      return await(
          action,
          what,
          () -> {
            long now = System.nanoTime();
            if (tasksRunning(spark, action) > 0) {
              ran.set(now);
            }
            if (now - ran.get() > SLOTS_DEADLINE.toNanos()) {
              throw new UserException(
                  "Cannot run %s: it needs %d slots at the same time, and for %d s the cluster has had %d. Start workers, or set training.workers lower in a new run; resume with the same --run."
                      .formatted(
                          what, tasks, SLOTS_DEADLINE.toSeconds(), SparkContexts.slots(spark)));
            }
            if (now - moved.get() > watch.silence().toNanos() + SLOTS_DEADLINE.toNanos()) {
              throw new UserException(
                  "Cannot finish %s: nothing has been heard of its tasks for %d s. Look at the Spark page for stopped workers, or raise the deadline."
                      .formatted(what, watch.silence().toSeconds()));
            }
          });
    }
  }

  /** Waits for a job; what {@code look} throws from time to time ends it. */
  private static <T> List<T> await(JavaFutureAction<List<T>> action, String what, Runnable look) {
    boolean done = false;
    try {
      while (true) {
        try {
          List<T> result = action.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
          done = true;
          return result;
        } catch (TimeoutException e) {
          look.run();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted during " + what, e);
    } catch (ExecutionException e) {
      done = true;
      throw failure(what, e.getCause());
    } finally {
      if (!done) {
        action.cancel(true);
      }
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
    return tasks(spark, action, SparkStageInfo::numCompletedTasks);
  }

  private static int tasksRunning(JavaSparkContext spark, JavaFutureAction<?> action) {
    return tasks(spark, action, SparkStageInfo::numActiveTasks);
  }

  private static int tasks(
      JavaSparkContext spark, JavaFutureAction<?> action, ToIntFunction<SparkStageInfo> count) {
    int tasks = 0;
    for (int job : action.jobIds()) {
      var info = spark.statusTracker().getJobInfo(job);
      if (info != null) {
        for (int stage : info.stageIds()) {
          SparkStageInfo stageInfo = spark.statusTracker().getStageInfo(stage);
          tasks += stageInfo == null ? 0 : count.applyAsInt(stageInfo);
        }
      }
    }
    return tasks;
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
