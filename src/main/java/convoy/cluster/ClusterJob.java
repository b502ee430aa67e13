package convoy.cluster;

import convoy.core.Daemons;
import convoy.core.UserException;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.JavaSparkContext$;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;

/** Runs a Spark job with a deadline, and tells meanwhile how many of its tasks are done. */
public final class ClusterJob {
  private static final long POLL_MILLIS = 200;

  /** Of tasks that were lost, one after the other, without anything gained between. */
  public static final int RETRIES = 3;

  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** That executors have to let go of something. */
  private static final Duration GOODBYE = Duration.ofSeconds(3);

  private static final Logger LOG = LoggerFactory.getLogger(ClusterJob.class);

  /** What Spark knows a thread's jobs by. */
  private static final List<String> GROUP =
      List.of("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel");

  /**
   * A part of Spark's messages that means something outside Convoy.
   *
   * @param remedy what to do
   * @param again whether tasks that run together may be tried again
   */
  private record Known(String part, String meaning, String remedy, boolean again) {}

  /** In the order in which they are looked for: what is the cause of others comes first. */
  private static final List<Known> KNOWN =
      List.of(
          new Known(
              "OutOfMemoryError",
              "an executor ran out of memory",
              "Raise spark.executor.memory.",
              false),
          new Known(
              "can't allocate memory",
              "an executor got no memory outside its heap",
              "Lower the minibatch, or run on machines with more.",
              false),
          new Known("CUDA out of memory", "a GPU ran out of memory", "Lower the minibatch.", false),
          new Known(
              "ExecutorLostFailure",
              "an executor was lost",
              "Look at its log; raise spark.executor.memoryOverhead if it was killed for memory.",
              true),
          new Known(
              "SPARK-24819",
              "the cluster has fewer slots than there are workers",
              "Start workers of Spark, or ask for fewer of Convoy's.",
              false),
          new Known(
              "GroupException",
              "workers lost each other",
              "Look at the executors' logs; raise the deadline if one is so slow.",
              true),
          new Known(
              "SparkContext was shut down",
              "Spark was stopped",
              "Look at the log of the cluster, and run again with the same --run to resume.",
              false));

  /** Tasks that ran together are lost, for a reason that another attempt may not meet. */
  public static final class TasksLostException extends RuntimeException {
    TasksLostException(String message, Throwable cause) {
      super(message, cause);
    }
  }

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
    } catch (TasksLostException e) {
      throw last(e);
    }
  }

  /**
   * Does what starts Spark jobs of its own, which are cancelled once the deadline has passed.
   *
   * @param what is waited for, for the message
   * @throws UserException as {@link #collect} does
   */
  public static void within(JavaSparkContext spark, String what, Duration deadline, Runnable work) {
    Map<String, String> outer = new HashMap<>();
    GROUP.forEach(property -> outer.put(property, spark.getLocalProperty(property)));
    String group = "convoy-" + UUID.randomUUID();
    AtomicBoolean late = new AtomicBoolean();
    ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(Daemons.named("deadline"));
    try {
      // Again and again: none may be under way when it passes, and another begin.
      var unused =
          clock.scheduleWithFixedDelay(
              () -> {
                late.set(true);
                spark.sc().cancelJobGroup(group);
              },
              deadline.toMillis(),
              POLL_MILLIS,
              TimeUnit.MILLISECONDS);
      spark.setJobGroup(group, what, true);
      work.run();
    } catch (UserException e) {
      throw e;
    } catch (Exception e) {
      // Spark's are checked ones, and Scala does not say so.
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      if (late.get()) {
        throw new UserException(
            "Cannot finish %s: %d seconds have passed. Look at the Spark page for lost workers, or raise the deadline."
                .formatted(what, deadline.toSeconds()),
            e);
      }
      throw last(failure(what, e));
    } finally {
      clock.shutdownNow();
      outer.forEach(spark::setLocalProperty);
    }
  }

  /** Where Spark has tried again already. */
  private static RuntimeException last(RuntimeException failure) {
    return failure instanceof TasksLostException
        ? new UserException(failure.getMessage(), failure)
        : failure;
  }

  /**
   * How tasks that run together are watched.
   *
   * @param gauge that they show what they do on
   * @param reader of the gauge
   * @param silence the longest for which the gauge may stand still, beside Spark's own deadlines
   */
  public record Watch(Gauge gauge, Consumer<double[]> reader, Duration silence) {}

  /**
   * What a task does that runs together with others.
   *
   * @param <A> of its partition's elements
   */
  public interface Task<A, T> extends Serializable {
    T run(TaskContext context, Iterator<A> elements);
  }

  /**
   * Runs tasks at the same time, as a barrier stage: when one is lost, all are.
   *
   * @param elements a partition for each task
   * @return what each came to
   * @throws TasksLostException if that happened
   * @throws UserException if a task failed for a reason that the operator can mend, there are fewer
   *     slots than tasks, or the gauge stood still
   */
  public static <A, T> List<T> together(
      JavaSparkContext spark, JavaRDD<A> elements, Task<A, T> task, String what, Watch watch) {
    int tasks = elements.getNumPartitions();
    ClassTag<T> tag = JavaSparkContext$.MODULE$.fakeClassTag();
    Function1<scala.collection.Iterator<A>, scala.collection.Iterator<T>> run =
        (Function1<scala.collection.Iterator<A>, scala.collection.Iterator<T>> & Serializable)
            part ->
                JavaConverters.asScalaIterator(
                    List.of(task.run(TaskContext.get(), JavaConverters.asJavaIterator(part)))
                        .iterator());
    JavaRDD<T> rdd = JavaRDD.fromRDD(elements.rdd().barrier().mapPartitions(run, false, tag), tag);
    JavaFutureAction<List<T>> action = rdd.collectAsync();
    // What a stopped executor holds is free when Spark gives it up.
    Duration slots =
        MINUTE.plusSeconds(spark.getConf().getTimeAsSeconds("spark.network.timeout", "120s"));
    // Its steps may take as long as the others are waited for, and they tell better what is wrong.
    Duration silence = watch.silence().multipliedBy(2).plus(slots);
    AtomicLong moved = new AtomicLong(System.nanoTime());
    AtomicReference<double[]> shown = new AtomicReference<>();
    AtomicLong ran = new AtomicLong(System.nanoTime());
    try (Gauge.Watching watching =
        watch
            .gauge()
            .watch(
                spark,
                values -> {
                  if (!Arrays.equals(values, shown.getAndSet(values))) {
                    moved.set(System.nanoTime());
                  }
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
            if (now - ran.get() > slots.toNanos()) {
              throw new UserException(
                  "Cannot run %s: it needs %d slots at the same time, and for %d s the cluster has had %d. Start workers of Spark, or ask for fewer of Convoy's; what was reached is kept."
                      .formatted(what, tasks, slots.toSeconds(), SparkContexts.slots(spark)));
            }
            if (now - moved.get() > silence.toNanos()) {
              throw new UserException(
                  "Cannot finish %s: its tasks have not moved for %d s. Look at the Spark page for stopped workers, or raise the deadline."
                      .formatted(what, silence.toSeconds()));
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

  /**
   * Frees what executors have of it, and waits for them a little: where a context is closed
   * meanwhile, Spark fills the terminal with traces.
   */
  public static void free(Broadcast<?> shared) {
    ExecutorService thread = Executors.newSingleThreadExecutor(Daemons.named("free-broadcast"));
    try {
      Object unused =
          thread.submit(() -> shared.destroy(true)).get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // An executor stands still; it is asked all the same.
      LOG.debug("Executors have not let go of {} yet", shared);
    } catch (ExecutionException e) {
      LOG.warn("Executors may still have {}", shared, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      thread.shutdown();
    }
  }

  /** Where the task that asks is, as Spark's scheduler knows it. */
  public static String here() {
    SparkEnv spark = SparkEnv.get();
    return spark == null
        ? ""
        : "executor_%s_%s"
            .formatted(spark.blockManager().blockManagerId().host(), spark.executorId());
  }

  /**
   * Numbers from 0, a partition each.
   *
   * @param places that the tasks of the partitions should be at, as {@link #here} says them; empty
   *     texts are of no wish. A wish is not waited for ({@code spark.locality.wait}).
   */
  public static JavaRDD<Integer> numbers(JavaSparkContext spark, List<String> places) {
    List<Tuple2<Integer, Seq<String>>> wishes = new ArrayList<>();
    for (String place : places) {
      List<String> wish = place.isEmpty() ? List.of() : List.of(place);
      wishes.add(new Tuple2<>(wishes.size(), JavaConverters.asScalaBuffer(wish).toSeq()));
    }
    ClassTag<Integer> tag = JavaSparkContext$.MODULE$.fakeClassTag();
    return JavaRDD.fromRDD(
        spark.sc().makeRDD(JavaConverters.asScalaBuffer(wishes).toSeq(), tag), tag);
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
    String text = String.valueOf(cause.getMessage());
    Optional<String> ours = after(UserException.class.getName() + ": ", text);
    if (ours.isPresent()) {
      return new UserException(ours.get(), cause);
    }
    for (Known known : KNOWN) {
      Optional<String> rest = after(known.part(), text);
      if (rest.isPresent()) {
        // What our own exceptions say stands behind their name.
        String said = rest.get().startsWith(": ") ? " (%s)".formatted(rest.get().substring(2)) : "";
        String message =
            "Cannot finish %s: %s%s. %s".formatted(what, known.meaning(), said, known.remedy());
        return known.again()
            ? new TasksLostException(message, cause)
            : new UserException(message, cause);
      }
    }
    return new IllegalStateException("Spark could not finish " + what, cause);
  }

  /** What stands behind a part of a text, to the end of the line. */
  private static Optional<String> after(String part, String text) {
    int at = text.indexOf(part);
    return at < 0
        ? Optional.empty()
        : Optional.of(text.substring(at + part.length()).lines().findFirst().orElse(""));
  }
}
