package convoy.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;
import scala.collection.JavaConverters;

/**
 * What tasks have added up, those that are running, too, as far as their executors' heartbeats have
 * told ({@code spark.executor.heartbeatInterval}); for people, as a task that is tried again counts
 * twice.
 */
public final class RunningSum implements AutoCloseable {
  private final JavaSparkContext spark;
  private final LongAccumulator ended;
  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final SparkListener listener =
      new SparkListener() {
        @Override
        public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
          JavaConverters.seqAsJavaList(update.accumUpdates())
              .forEach(
                  task ->
                      JavaConverters.seqAsJavaList(task._4()).stream()
                          .filter(info -> info.id() == ended.id() && info.update().isDefined())
                          .forEach(info -> told((Long) task._1(), info.update().get())));
        }

        @Override
        public void onTaskEnd(SparkListenerTaskEnd end) {
          running.remove(end.taskInfo().taskId());
        }
      };

  public RunningSum(JavaSparkContext spark) {
    this.spark = spark;
    ended = spark.sc().longAccumulator();
    spark.sc().addSparkListener(listener);
  }

  private void told(long task, Object value) {
    if (value instanceof Long so) {
      running.put(task, so);
    }
  }

  /** What tasks add to. */
  public LongAccumulator adder() {
    return ended;
  }

  public long value() {
    return ended.value() + running.values().stream().mapToLong(value -> value).sum();
  }

  @Override
  public void close() {
    spark.sc().removeSparkListener(listener);
  }
}
