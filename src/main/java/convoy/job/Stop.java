package convoy.job;

/** Whether somebody has stopped the job, by Ctrl-C or a signal; says how it goes on. */
final class Stop {
  private static volatile boolean asked;

  private Stop() {}

  /**
   * Runs a job; whoever stops it meanwhile is told.
   *
   * @param resumes whether the job goes on when it is started again
   */
  static void told(boolean resumes, Runnable job) {
    Thread hook = new Thread(() -> tell(resumes), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      job.run();
    } finally {
      forget(hook);
    }
  }

  private static void tell(boolean resumes) {
    asked = true;
    System.err.println(
        resumes
            ? "stopped: the same command with the same --run, or output, goes on where this stood"
            : "stopped");
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
