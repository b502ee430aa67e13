package convoy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;

class RunningSumIT {
  /** Tasks run in this process. */
  private static final CountDownLatch SEEN = new CountDownLatch(1);

  @Test
  void whatARunningTaskHasAddedIsSeen() {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.executor.heartbeatInterval", "200ms");
    List<Long> seen = new ArrayList<>();
    try (JavaSparkContext spark = new JavaSparkContext(conf);
        RunningSum sum = new RunningSum(spark)) {
      LongAccumulator adder = sum.adder();
      List<Integer> done =
          ClusterJob.collect(
              spark,
              spark.parallelize(List.of(1, 2), 2).map(i -> parts(i, adder)),
              "the sum",
              Duration.ofMinutes(2),
              tasks -> {
                long value = sum.value();
                seen.add(value);
                if (value > 0) {
                  SEEN.countDown();
                }
              });
      assertThat(done).containsExactly(1, 2);
      // The tasks have waited for that.
      assertThat(seen).anyMatch(value -> value > 0 && value < 20);
      assertThat(seen).allMatch(value -> value <= 80);
      assertThat(adder.value()).isEqualTo(40);
    }
  }

  private static int parts(int i, LongAccumulator adder) throws InterruptedException {
    adder.add(5);
    assertThat(SEEN.await(1, TimeUnit.MINUTES)).isTrue();
    adder.add(15);
    return i;
  }
}
