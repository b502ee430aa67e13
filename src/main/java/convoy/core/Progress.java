package convoy.core;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long piece of work is: a bar on a terminal, otherwise a line every few seconds, both
 * with the rate and the time left.
 */
public final class Progress implements AutoCloseable {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);
  private final String task;
  private final String unit;
  private final long total;
  private final PrintStream out;
  private final ProgressBar bar;
  private final long started = System.nanoTime();
  private long lastLine = started;
  private long lastDone = -1;
  private long done;
  private String note = "";

  private Progress(String task, String unit, long total, PrintStream out, ProgressBar bar) {
    this.task = task;
    this.unit = unit;
    this.total = total;
    this.out = out;
    this.bar = bar;
  }

  /**
   * @param unit what is counted, in the plural: {@code images}
   */
  public static Progress of(String task, String unit, long total) {
    boolean terminal = System.console() != null && !"dumb".equals(System.getenv("TERM"));
    ProgressBar bar = null;
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setUnit(" " + unit, 1)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(500)
              .showSpeed()
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
    return new Progress(task, unit, total, System.err, bar);
  }

  /**
   * @param latest what to show beside the count, such as the loss
   */
  public synchronized void moveTo(long position, String latest) {
    done = position;
    note = latest;
    if (bar != null) {
      bar.stepTo(done).setExtraMessage(note.isEmpty() ? "" : " " + note);
    } else if (System.nanoTime() - lastLine > BETWEEN_LINES.toNanos()) {
      lastLine = System.nanoTime();
      line();
    }
  }

  private void line() {
    lastDone = done;
    double seconds = (System.nanoTime() - started) / 1e9;
    double rate = done / Math.max(seconds, 1e-9);
    long left = Math.round((total - done) / Math.max(rate, 1e-9));
    // Nobody knows before something is done; slow work is better told by the minute.
    String pace =
        done == 0
            ? ""
            : String.format(
                Locale.ROOT,
                rate < 1
                    ? ", %1$.1f %3$s/min, %4$d:%5$02d left"
                    : ", %2$,.0f %3$s/s, %4$d:%5$02d left",
                60 * rate,
                rate,
                unit,
                left / 60,
                left % 60);
    out.printf(
        "%s: %,d of %,d %s%s%s%n",
        task, done, total, unit, pace, note.isEmpty() ? "" : ", " + note);
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
    } else if (lastDone != done) {
      line();
    }
  }
}
