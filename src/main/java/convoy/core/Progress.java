package convoy.core;

import java.io.PrintStream;
import java.time.Duration;
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
    double seconds = (System.nanoTime() - started) / 1e9;
    double rate = done / Math.max(seconds, 1e-9);
    long left = rate > 0 ? Math.round((total - done) / rate) : 0;
    out.printf(
        "%s: %,d of %,d %s, %,.0f %s/s, %d:%02d left%s%n",
        task,
        done,
        total,
        unit,
        rate,
        unit,
        left / 60,
        left % 60,
        note.isEmpty() ? "" : ", " + note);
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
    } else {
      line();
    }
  }
}
