package org.rapaio.jupyter.kernel.channels;

/**
 * Takes the place of the kernel's own class of this name (3.0.1), with which one kernel in four came
 * up deaf: it begins to run before it has noted that it should, and may take a request before the
 * kernel has set up its handlers, milliseconds later.
 */
public final class LoopThread extends Thread {
  private static final long SET_UP_MILLIS = 1_000;
  private final long pauseMillis;
  private final Runnable body;
  private volatile boolean running = true;

  public LoopThread(String name, long pauseMillis, Runnable body) {
    super(name);
    this.pauseMillis = pauseMillis;
    this.body = body;
  }

  @Override
  public void run() {
    try {
      Thread.sleep(SET_UP_MILLIS);
      while (running) {
        body.run();
        Thread.sleep(pauseMillis);
      }
    } catch (InterruptedException e) {
      // Asked to end, as shutdown does.
    }
  }

  public void shutdown() {
    running = false;
  }
}
