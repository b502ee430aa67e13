package convoy.data.shards;

import java.io.Serializable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;

/** What tasks that have ended have read; for people, as a task that is tried again counts twice. */
record ReadMeter(LongAccumulator pictureCount, LongAccumulator byteCount) implements Serializable {

  static ReadMeter of(JavaSparkContext spark) {
    return new ReadMeter(spark.sc().longAccumulator(), spark.sc().longAccumulator());
  }

  /**
   * In a task.
   *
   * @param length of the picture's file; 0 if it was passed over
   */
  void add(long length) {
    pictureCount.add(1);
    byteCount.add(length);
  }

  long pictures() {
    return pictureCount.value();
  }

  long bytes() {
    return byteCount.value();
  }
}
