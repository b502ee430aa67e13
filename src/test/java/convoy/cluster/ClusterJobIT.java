package convoy.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.UserException;
import java.time.Duration;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Jobs that somebody else starts. */
class ClusterJobIT {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    spark = SparkContexts.local("jobs", 2);
  }

  @AfterAll
  static void stopSpark() {
    spark.close();
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void sleepingJob(long millis) {
    spark.parallelize(List.of(1), 1).foreach(one -> sleep(millis));
  }

  @Test
  void aJobEndsAtTheDeadline() {
    long began = System.nanoTime();
    assertThatThrownBy(
            () ->
                ClusterJob.within(
                    spark, "the sleep", Duration.ofSeconds(1), () -> sleepingJob(60_000)))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot finish the sleep: 1 seconds have passed.");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
  }

  /** None was there to be cancelled when it passed. */
  @Test
  void aJobThatBeginsAfterTheDeadlineEndsToo() {
    assertThatThrownBy(
            () ->
                ClusterJob.within(
                    spark,
                    "the sleeps",
                    Duration.ofSeconds(1),
                    () -> {
                      sleep(1_500);
                      sleepingJob(60_000);
                    }))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot finish the sleeps: 1 seconds have passed.");
  }

  @Test
  void whatTheOperatorCanMendIsToldByItsLine() {
    assertThatThrownBy(
            () ->
                ClusterJob.within(
                    spark,
                    "the work",
                    LONG,
                    () ->
                        spark
                            .parallelize(List.of(1), 1)
                            .foreach(
                                one -> {
                                  throw new UserException("Cannot read the picture. Mend it.");
                                })))
        .isInstanceOf(UserException.class)
        .hasMessage("Cannot read the picture. Mend it.");
  }

  @Test
  void theCallersOwnJobGroupIsAsItWas() {
    spark.setJobGroup("mine", "what I do", true);
    try {
      ClusterJob.within(
          spark,
          "the work",
          LONG,
          () -> assertThat(spark.getLocalProperty("spark.jobGroup.id")).isNotEqualTo("mine"));
      assertThat(spark.getLocalProperty("spark.jobGroup.id")).isEqualTo("mine");
      assertThat(spark.getLocalProperty("spark.job.description")).isEqualTo("what I do");
    } finally {
      spark.clearJobGroup();
    }
  }
}
