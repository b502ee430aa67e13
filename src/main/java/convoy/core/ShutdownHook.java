package convoy.core;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * What a process does first when it is being stopped, by Ctrl-C or a signal: Spark and file
 * systems, which have hooks as well, wait for it.
 */
public final class ShutdownHook {
  /** Hadoop goes from high to low; Spark has 40, file systems have 10. */
  private static final int FIRST = 100;

  private final Runnable work;

  private ShutdownHook(Runnable work) {
    this.work = work;
  }

  /**
   * Adds one.
   *
   * @param patience after which it is interrupted, and the others go on
   */
  public static ShutdownHook add(Duration patience, Runnable work) {
    ShutdownHookManager.get()
        .addShutdownHook(work, FIRST, patience.toMillis(), TimeUnit.MILLISECONDS);
    return new ShutdownHook(work);
  }

  /** Takes it back, unless the process is being stopped already, and the hook runs. */
  public boolean remove() {
    try {
      return ShutdownHookManager.get().removeShutdownHook(work);
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
