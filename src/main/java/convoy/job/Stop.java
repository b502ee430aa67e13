package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.ShutdownHook;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Whether somebody has stopped the job, by Ctrl-C or a signal; says how it goes on. */
final class Stop {
  /** For what a job does in the end: its tasks let go, its lease, its page. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final Duration POLL = Duration.ofMillis(200);

  private static volatile boolean asked;

  private Stop() {}

  /**
   * Runs a job; whoever stops it meanwhile is told.
   *
   * @param resumes whether the job goes on when it is started again
   */
  static void told(boolean resumes, Runnable job) {
    CountDownLatch ended = new CountDownLatch(1);
    // Longer than it takes: where Hadoop has to end a hook, it logs a trace.
    ShutdownHook hook = ShutdownHook.add(PATIENCE.multipliedBy(2), () -> tell(resumes, ended));
    try {
      job.run();
    } finally {
      ended.countDown();
      if (!hook.remove()) {
        asked = true;
      }
    }
  }

  /** The process ends after this, and Spark, where the job has not closed it by then. */
  private static void tell(boolean resumes, CountDownLatch ended) {
    asked = true;
    System.err.println(
        resumes
            ? "stopped: the same command with the same --run, or output, goes on where this stood"
            : "stopped");
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      // Again and again: a job may have begun another one.
      do {
        SparkContexts.cancelJobs();
      } while (resumes
          && !ended.await(POLL.toMillis(), TimeUnit.MILLISECONDS)
          && System.nanoTime() < end);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static boolean isAsked() {
    return asked;
  }
}
