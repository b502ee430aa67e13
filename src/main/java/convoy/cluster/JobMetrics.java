package convoy.cluster;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;

/**
 * A job's numbers in the driver's metrics system of Spark, from where the sinks that its settings
 * name take them ({@code spark.metrics.conf.*}): Prometheus, JMX, Graphite, CSV. NaN until they are
 * told for the first time.
 */
public final class JobMetrics implements AutoCloseable {
  private final Map<String, Double> values = new ConcurrentHashMap<>();
  private final Source source;

  /** What Spark asks for numbers. */
  private record Numbers(String sourceName, MetricRegistry metricRegistry) implements Source {}

  /**
   * @param job name of the source: {@code convoy.train}
   * @param names of the numbers, all of them
   */
  public JobMetrics(String job, List<String> names) {
    MetricRegistry registry = new MetricRegistry();
    for (String name : names) {
      registry.register(name, (Gauge<Double>) () -> values.getOrDefault(name, Double.NaN));
    }
    source = new Numbers(job, registry);
    SparkEnv.get().metricsSystem().registerSource(source);
  }

  public void tell(String name, double value) {
    values.put(name, value);
  }

  @Override
  public void close() {
    // Sinks that poll have the last values, or they would see none of a short run.
    SparkEnv.get().metricsSystem().report();
    SparkEnv.get().metricsSystem().removeSource(source);
  }
}
