package convoy.cluster;

import convoy.core.UserException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Spark contexts with the settings that Convoy needs or prefers: new ones, and ones of others. */
public final class SparkContexts {
  private static final int EXECUTORS_DEADLINE_SECONDS = 120;
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|\\d+)(?:, *\\d+)?])?");
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Logger LOG = LoggerFactory.getLogger(SparkContexts.class);

  /** Without these a job would be wrong or hang. */
  private static final Map<String, String> NEEDED =
      Map.of(
          // Spark's Kryo cannot serialize records.
          "spark.serializer", "org.apache.spark.serializer.JavaSerializer",
          // A replica is one thread; the native libraries read this when they load.
          "spark.executorEnv.OMP_NUM_THREADS", "1",
          "spark.task.cpus", "1");

  /** These hold unless the cluster's settings say otherwise. */
  private static final Map<String, String> PREFERRED =
      Map.of(
          "spark.master", "local[*]",
          // Weights do not compress.
          "spark.broadcast.compress", "false",
          "spark.shuffle.compress", "false",
          "spark.shuffle.spill.compress", "false",
          // Workers are wished where they were; a barrier stage whose tasks wait for that never
          // begins.
          "spark.locality.wait", "0s",
          // How often a training's progress is seen.
          "spark.executor.heartbeatInterval", "2s",
          // A state in slices comes back to the driver each round.
          "spark.driver.maxResultSize", "0",
          "spark.ui.showConsoleProgress", "false");

  /** Where these are set, they choose OpenBLAS's kernels, and so how results are rounded. */
  private static final List<String> KERNEL_CHOICES =
      List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE");

  /** That tasks have to end, and to say so, once their job is cancelled. */
  private static final Duration GOODBYE = Duration.ofSeconds(5);

  private static final AtomicReference<OwnContext> OPENED = new AtomicReference<>();

  private SparkContexts() {}

  /** A context of its own for a job. */
  public static JavaSparkContext open(String job) {
    return open(new SparkConf().setAppName("convoy " + job));
  }

  /** The same in this JVM, whatever the settings say. */
  public static JavaSparkContext local(String job, int slots) {
    return open(
        new SparkConf().setAppName("convoy " + job).setMaster("local[%d]".formatted(slots)));
  }

  private static JavaSparkContext open(SparkConf conf) {
    PREFERRED.forEach(conf::setIfMissing);
    NEEDED.forEach(conf::set);
    // YARN's and Kubernetes' executors have an environment of their own: the same kernels there.
    for (String name : KERNEL_CHOICES) {
      if (System.getenv(name) != null) {
        conf.setIfMissing("spark.executorEnv." + name, System.getenv(name));
      }
    }
    OwnContext spark;
    try {
      spark = new OwnContext(conf);
      OPENED.set(spark);
      awaitExecutor(spark);
    } catch (UserException e) {
      throw e;
    } catch (Exception e) {
      // Scala throws SparkException without declaring it.
      throw new UserException(
          "Cannot start Spark with master %s: %s. Check the address and that the master runs."
              .formatted(
                  conf.get("spark.master"),
                  String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
    return spark;
  }

  /**
   * Cancels whatever the context does that was opened here last; contexts of others are left alone.
   */
  public static void cancelJobs() {
    OwnContext spark = OPENED.get();
    if (spark == null || spark.sc().isStopped()) {
      return;
    }
    spark.cancelled = true;
    try {
      spark.cancelAllJobs();
    } catch (RuntimeException e) {
      // The job closes it at this moment.
      LOG.debug("Nothing left to cancel", e);
    }
  }

  private static final class OwnContext extends JavaSparkContext {
    private volatile boolean cancelled;

    OwnContext(SparkConf conf) {
      super(conf);
    }

    @Override
    public void close() {
      try {
        awaitTasks();
      } finally {
        super.close();
      }
    }

    /** A little: else Spark would fill the terminal with traces. */
    private void awaitTasks() {
      long end = System.nanoTime() + GOODBYE.toNanos();
      // Tasks that have just begun are not counted yet.
      boolean again = cancelled;
      while (again || tasksRunning(this) > 0) {
        if (System.nanoTime() > end || sc().isStopped() || Thread.currentThread().isInterrupted()) {
          return;
        }
        LockSupport.parkNanos(POLL.toNanos());
        again = false;
      }
    }
  }

  private static int tasksRunning(JavaSparkContext spark) {
    return Arrays.stream(spark.sc().statusTracker().getExecutorInfos())
        .mapToInt(SparkExecutorInfo::numRunningTasks)
        .sum();
  }

  /**
   * The context of a session that somebody else has opened and will close.
   *
   * @throws UserException if it has a setting that Convoy cannot work with
   */
  public static JavaSparkContext of(SparkSession session) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    String key = "spark.serializer";
    if (!spark.getConf().get(key, NEEDED.get(key)).equals(NEEDED.get(key))) {
      throw new UserException(
          "Cannot use this Spark session: its %s is %s, which cannot serialize records. Start it with %s."
              .formatted(key, spark.getConf().get(key), NEEDED.get(key)));
    }
    return spark;
  }

  /** Spark itself would wait for ever. */
  private static void awaitExecutor(OwnContext spark) {
    // With dynamic allocation executors come when tasks wait, and rounds have deadlines of their
    // own.
    if (spark.isLocal() || executorsComeAndGo(spark)) {
      return;
    }
    long end = System.nanoTime() + EXECUTORS_DEADLINE_SECONDS * 1_000_000_000L;
    // The driver counts as one.
    while (spark.sc().statusTracker().getExecutorInfos().length < 2) {
      if (System.nanoTime() > end || spark.sc().isStopped()) {
        spark.stop();
        throw new UserException(
            "Cannot get an executor from %s: none came within %d s. Start workers, or ask for less memory or fewer cores."
                .formatted(spark.master(), EXECUTORS_DEADLINE_SECONDS));
      }
      pause(spark);
    }
  }

  /** Whether Spark takes and gives back executors as tasks need them. */
  public static boolean executorsComeAndGo(JavaSparkContext spark) {
    return spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false);
  }

  /** Executors that are there; none counts for the driver. */
  public static int executors(JavaSparkContext spark) {
    return spark.sc().statusTracker().getExecutorInfos().length - 1;
  }

  private static long slotsDeadlineNanos(JavaSparkContext spark) {
    return 1_000_000
        * spark.getConf().getTimeAsMs("spark.scheduler.maxRegisteredResourcesWaitingTime", "30s");
  }

  /**
   * {@link #slots}, once there are as many as wanted or none has been added for {@code
   * spark.scheduler.maxRegisteredResourcesWaitingTime}, half a minute: executors come one after the
   * other.
   */
  public static int awaitSlots(JavaSparkContext spark, int wanted) {
    int slots = slots(spark);
    long deadline = slotsDeadlineNanos(spark);
    long end = System.nanoTime() + deadline;
    while (slots < wanted && !spark.isLocal() && System.nanoTime() < end) {
      pause(spark);
      int now = slots(spark);
      end = now > slots ? System.nanoTime() + deadline : end;
      slots = now;
    }
    return slots;
  }

  private static void pause(JavaSparkContext spark) {
    if (spark instanceof OwnContext own && own.cancelled) {
      throw new IllegalStateException("The job is being stopped");
    }
    try {
      Thread.sleep(POLL.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for executors", e);
    }
  }

  /** Tasks that run at the same time where Spark runs on this machine alone; starts nothing. */
  public static OptionalInt slotsOfThisMachine() {
    String master = new SparkConf().get("spark.master", PREFERRED.get("spark.master"));
    Matcher local = LOCAL.matcher(master);
    if (!local.matches()) {
      return OptionalInt.empty();
    }
    String slots = local.group(1);
    if (slots == null) {
      return OptionalInt.of(1);
    }
    return OptionalInt.of(
        slots.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(slots));
  }

  /** Tasks that run at the same time, as the scheduler counts its free places and used ones. */
  public static int slots(JavaSparkContext spark) {
    var profile = spark.sc().resourceProfileManager().defaultResourceProfile();
    return Math.max(1, spark.sc().maxNumConcurrentTasks(profile));
  }
}
