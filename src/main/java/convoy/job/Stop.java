package convoy.job;

/** Whether somebody has stopped the job, by Ctrl-C or a signal; says how it goes on. */
final class Stop {
  private static volatile boolean asked;

  private Stop() {}

  /** Runs a job; whoever stops it meanwhile is told. */
  static void told(Runnable job) {
    Thread hook = new Thread(Stop::tell, "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      job.run();
    } finally {
      forget(hook);
    }
  }

  private static void tell() {
    asked = true;
    System.err.println(
        "stopped: the same command with the same --run, or output, goes on where this stood");
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
