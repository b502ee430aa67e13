package convoy.train;

import convoy.core.Daemons;
import convoy.core.RunFolder;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those who look at a run from outside are told every few seconds how far it is. It happens on a
 * thread of its own, and what fails there is logged: a training does not wait for them.
 */
final class Spectators implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Spectators.class);
  private static final long SECONDS = 3;
  private final RunFolder run;
  private final AtomicReference<TrainingState.Now> latest = new AtomicReference<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(Daemons.named("spectators"));

  Spectators(RunFolder run) {
    this.run = run;
    var unused = thread.scheduleWithFixedDelay(this::write, SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  void tell(TrainingState.Now now) {
    latest.set(now);
  }

  private void write() {
    TrainingState.Now now = latest.getAndSet(null);
    if (now != null) {
      try {
        TrainingState.write(run, now);
      } catch (RuntimeException e) {
        LOG.warn("How far {} is could not be written", run.location(), e);
      }
    }
  }

  /** Does not wait for a file system that hangs. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
