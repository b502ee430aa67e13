package convoy.cluster;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/**
 * A job's numbers in the driver's metrics system of Spark, from where the sinks that its settings
 * name take them ({@code spark.metrics.conf.*}): Prometheus, JMX, Graphite, CSV. NaN until they are
 * told for the first time.
 */
public final class JobMetrics implements AutoCloseable {
  private final Map<String, Double> values = new ConcurrentHashMap<>();
  private final Source source;
  // Of its own: a context that has been stopped meanwhile has no environment any more.
  private final MetricsSystem system = SparkEnv.get().metricsSystem();

  /** What Spark asks for numbers. */
  private record Numbers(String sourceName, MetricRegistry metricRegistry) implements Source {}

  /**
   * @param job {@code train}: the source is {@code convoy.train}, and {@code convoy2.train} beside
   *     it
   * @param names of the numbers, all of them
   */
  public JobMetrics(String job, List<String> names) {
    MetricRegistry registry = new MetricRegistry();
    for (String name : names) {
      registry.register(name, (Gauge<Double>) () -> values.getOrDefault(name, Double.NaN));
    }
    source = new Numbers(free(job), registry);
    system.registerSource(source);
  }

  /** Spark takes away all whose names begin as one that ends: numbers come first. */
  private String free(String job) {
    String name = "convoy." + job;
    for (int i = 2; !system.getSourcesByName(name).isEmpty(); i++) {
      name = "convoy%d.%s".formatted(i, job);
    }
    return name;
  }

  public void tell(String name, double value) {
    values.put(name, value);
  }

  @Override
  public void close() {
    // Sinks that poll have the last values, or they would see none of a short run.
    system.report();
    system.removeSource(source);
  }
}
