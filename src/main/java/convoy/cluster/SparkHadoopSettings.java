package convoy.cluster;

import convoy.core.HadoopSettings;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import scala.Tuple2;

/** Spark's {@code spark.hadoop.*}: of the context, on executors too. */
public final class SparkHadoopSettings implements HadoopSettings {
  private static final String PREFIX = "spark.hadoop.";

  /** A description of a network needs none of its jars. */
  @Override
  public boolean isThere() {
    try {
      Class.forName("org.apache.spark.SparkEnv", false, getClass().getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  @Override
  public Object source() {
    SparkEnv spark = SparkEnv.get();
    return spark == null ? ownSettings() : spark;
  }

  /**
   * Outside a context (before it starts, after it stops) spark-submit's are system properties,
   * which may change.
   */
  private static Map<Object, Object> ownSettings() {
    return System.getProperties().entrySet().stream()
        .filter(property -> property.getKey().toString().startsWith(PREFIX))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  @Override
  public Map<String, String> all() {
    SparkEnv spark = SparkEnv.get();
    SparkConf conf = spark == null ? new SparkConf() : spark.conf();
    return Arrays.stream(conf.getAllWithPrefix(PREFIX))
        .collect(Collectors.toMap(Tuple2::_1, Tuple2::_2));
  }
}
