package convoy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;

class RunningSumIT {

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
              spark.parallelize(List.of(1, 2), 2).map(i -> slowly(i, adder)),
              "the sum",
              Duration.ofMinutes(1),
              tasks -> seen.add(sum.value()));
      assertThat(done).containsExactly(1, 2);
      // Neither task has ended by then.
      assertThat(seen).anyMatch(value -> value > 0 && value < 20);
      assertThat(seen).allMatch(value -> value <= 80);
      assertThat(adder.value()).isEqualTo(40);
    }
  }

  private static int slowly(int i, LongAccumulator adder) throws InterruptedException {
    for (int step = 0; step < 20; step++) {
      adder.add(1);
      Thread.sleep(100);
    }
    return i;
  }
}
