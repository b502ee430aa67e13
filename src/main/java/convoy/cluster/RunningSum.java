package convoy.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;

/**
 * What tasks have added up, those that are running, too, as far as their executors' heartbeats have
 * told ({@code spark.executor.heartbeatInterval}); for people, as a task that is tried again counts
 * twice, and one that has just ended does for a moment.
 */
public final class RunningSum implements AutoCloseable {
  /** In place of what an ended task has added, which is in the sum. */
  private static final long ENDED = -1;

  private final JavaSparkContext spark;
  private final LongAccumulator ended;

  /** By the task's number. */
  private final Map<Long, Long> running = new ConcurrentHashMap<>();

  private final SparkListener listener =
      new SparkListener() {
        @Override
        public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
          Gauge.forEach(update, ended.id(), RunningSum.this::told);
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
          running.put(end.taskInfo().taskId(), ENDED);
        }
      };

  public RunningSum(JavaSparkContext spark) {
    this.spark = spark;
    ended = spark.sc().longAccumulator();
    spark.sc().addSparkListener(listener);
  }

  /** A heartbeat may come after its task's end. */
  private void told(Object value, long task) {
    if (value instanceof Long so) {
      running.merge(task, so, (before, now) -> before == ENDED ? before : now);
    }
  }

  /** What tasks add to. */
  public LongAccumulator adder() {
    return ended;
  }

  public long value() {
    return ended.value() + running.values().stream().mapToLong(value -> Math.max(0, value)).sum();
  }

  @Override
  public void close() {
    spark.sc().removeSparkListener(listener);
  }
}
