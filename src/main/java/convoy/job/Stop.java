package convoy.job;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Whether somebody has stopped the job, by Ctrl-C or a signal; says how it goes on. */
final class Stop {
  /** Spark, which is being stopped as well, lets go of the job soon. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static volatile boolean asked;

  private Stop() {}

  /**
   * Runs a job; whoever stops it meanwhile is told.
   *
   * @param resumes whether the job goes on when it is started again
   */
  static void told(boolean resumes, Runnable job) {
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook = new Thread(() -> tell(resumes, ended), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      job.run();
    } finally {
      ended.countDown();
      forget(hook);
    }
  }

  /**
   * The process ends after this: what the job does in the end, its page and its lease, is awaited.
   */
  private static void tell(boolean resumes, CountDownLatch ended) {
    asked = true;
    System.err.println(
        resumes
            ? "stopped: the same command with the same --run, or output, goes on where this stood"
            : "stopped");
    try {
      boolean unused = !resumes || ended.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is being stopped: the hook runs.
      asked = true;
    }
  }

  static boolean isAsked() {
    return asked;
  }
}
