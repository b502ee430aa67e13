package convoy.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** What comes to a driver and leaves it, and the heap that it needs for that. */
final class DriverTraffic {
  private static final long MEBIBYTE = 1 << 20;
  private final AtomicLong bytes = new AtomicLong();

  DriverTraffic(JavaSparkContext spark) {
    spark
        .sc()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onTaskEnd(SparkListenerTaskEnd end) {
                if (end.taskMetrics() != null) {
                  bytes.addAndGet(end.taskMetrics().resultSize());
                }
              }

              @Override
              public void onBlockUpdated(SparkListenerBlockUpdated update) {
                var info = update.blockUpdatedInfo();
                boolean sent =
                    info.blockManagerId().isDriver()
                        && info.blockId().name().matches("broadcast_.*_piece.*");
                if (sent) {
                  bytes.addAndGet(info.memSize() + info.diskSize());
                }
              }
            });
  }

  /** Begins to count again. */
  void reset() {
    bytes.set(0);
    System.gc();
    ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
  }

  long bytes() {
    return bytes.get();
  }

  /** Most of it that was in use. */
  static long heapMebibytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .mapToLong(pool -> pool.getPeakUsage().getUsed())
            .sum()
        / MEBIBYTE;
  }
}
