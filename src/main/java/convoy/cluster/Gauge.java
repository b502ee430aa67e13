package convoy.cluster;

import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.util.AccumulatorV2;
import scala.collection.JavaConverters;

/**
 * Numbers that a running task shows the driver, the latest ones. They come with the executor's
 * heartbeats ({@code spark.executor.heartbeatInterval}).
 */
public final class Gauge extends AccumulatorV2<double[], double[]> {
  private static final double[] NONE = {};
  private volatile double[] latest = NONE;

  /** As long as somebody reads it. */
  interface Watching extends AutoCloseable {
    void begin();

    @Override
    void close();
  }

  /** One that a listener reads. */
  public static Gauge shown(JavaSparkContext spark) {
    Gauge gauge = new Gauge();
    spark.sc().register(gauge);
    return gauge;
  }

  /** Reads the gauge until it is closed. */
  Watching watch(JavaSparkContext spark, Consumer<double[]> reader) {
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
            forEach(update, id(), (value, task) -> read(value, reader));
          }
        };
    return new Watching() {
      @Override
      public void begin() {
        spark.sc().addSparkListener(listener);
      }

      @Override
      public void close() {
        spark.sc().removeSparkListener(listener);
      }
    };
  }

  /**
   * What running tasks say of an accumulator.
   *
   * @param id of the accumulator
   * @param reader is told the value and the task's number
   */
  static void forEach(
      SparkListenerExecutorMetricsUpdate update, long id, ObjLongConsumer<Object> reader) {
    JavaConverters.seqAsJavaList(update.accumUpdates())
        .forEach(
            task ->
                JavaConverters.seqAsJavaList(task._4()).stream()
                    .filter(info -> info.id() == id && info.update().isDefined())
                    .forEach(info -> reader.accept(info.update().get(), (Long) task._1())));
  }

  private static void read(Object value, Consumer<double[]> reader) {
    if (value instanceof double[] values && values.length > 0) {
      reader.accept(values);
    }
  }

  @Override
  public void add(double[] values) {
    latest = values.clone();
  }

  @Override
  public boolean isZero() {
    return latest.length == 0;
  }

  @Override
  public AccumulatorV2<double[], double[]> copy() {
    Gauge copy = new Gauge();
    copy.latest = latest;
    return copy;
  }

  @Override
  public void reset() {
    latest = NONE;
  }

  @Override
  public void merge(AccumulatorV2<double[], double[]> other) {
    latest = other.isZero() ? latest : other.value();
  }

  @Override
  public double[] value() {
    return latest;
  }
}
