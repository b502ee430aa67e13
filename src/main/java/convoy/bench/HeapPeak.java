package convoy.bench;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/** The most that was left in this JVM's heap by a garbage collection. */
final class HeapPeak {
  private static final long MEBIBYTE = 1 << 20;
  private final AtomicLong most = new AtomicLong();

  /** From now on. */
  static HeapPeak begin() {
    HeapPeak peak = new HeapPeak();
    ManagementFactory.getGarbageCollectorMXBeans()
        .forEach(
            collector ->
                ((NotificationEmitter) collector)
                    .addNotificationListener(
                        (notification, unused) ->
                            peak.look(
                                GarbageCollectionNotificationInfo.from(
                                    (CompositeData) notification.getUserData())),
                        null,
                        null));
    return peak;
  }

  private void look(GarbageCollectionNotificationInfo collection) {
    long used =
        collection.getGcInfo().getMemoryUsageAfterGc().entrySet().stream()
            .filter(pool -> !pool.getKey().matches("Metaspace|Code.*|Compressed.*"))
            .map(java.util.Map.Entry::getValue)
            .mapToLong(MemoryUsage::getUsed)
            .sum();
    most.accumulateAndGet(used, Math::max);
  }

  long mebibytes() {
    return most.get() / MEBIBYTE;
  }
}
