package convoy.cluster;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The disk of the machine that a task runs on. */
public final class LocalDisk {
  private static final Duration DEADLINE = Duration.ofSeconds(20);
  private static final Logger LOG = LoggerFactory.getLogger(LocalDisk.class);

  /**
   * A disk of a machine.
   *
   * @param free bytes
   */
  private record Disk(String host, String name, long free) implements Serializable {
    String place() {
      return host + " " + name;
    }
  }

  private LocalDisk() {}

  /**
   * A name for a folder that nobody else has and that is not there yet, in Spark's local folders
   * ({@code spark.local.dir}), which go with the executor; outside Spark in the temporary ones.
   */
  public static Path folder(String kind) {
    SparkEnv spark = SparkEnv.get();
    Path parent =
        spark == null
            ? Path.of(System.getProperty("java.io.tmpdir"))
            : spark.blockManager().diskBlockManager().localDirs()[0].toPath();
    return parent.resolve("%s-%s".formatted(kind, UUID.randomUUID()));
  }

  /**
   * Bytes that are free for Spark's local folders, on the machines of the executors that are there
   * now; nothing where they come and go, or cannot tell.
   */
  public static OptionalLong free(JavaSparkContext spark) {
    if (SparkContexts.executorsComeAndGo(spark)) {
      return OptionalLong.empty();
    }
    int slots = SparkContexts.slots(spark);
    try {
      List<List<Disk>> seen =
          ClusterJob.collect(
              spark,
              spark.parallelize(Collections.nCopies(slots, 0), slots).map(task -> here()),
              "a look at the workers' disks",
              DEADLINE,
              done -> {});
      return OptionalLong.of(
          seen.stream()
              .flatMap(List::stream)
              .collect(Collectors.toMap(Disk::place, Disk::free, Math::min))
              .values()
              .stream()
              .mapToLong(Long::longValue)
              // Network file systems may say that there is no end.
              .reduce(0, (sum, free) -> free > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + free));
    } catch (RuntimeException e) {
      // Nothing depends on it.
      LOG.warn("The workers' free disk space is not known: {}", e.getMessage());
      return OptionalLong.empty();
    }
  }

  private static List<Disk> here() {
    SparkEnv spark = SparkEnv.get();
    List<Disk> disks = new ArrayList<>();
    for (File folder : spark.blockManager().diskBlockManager().localDirs()) {
      try {
        FileStore store = Files.getFileStore(folder.toPath());
        disks.add(
            new Disk(
                spark.blockManager().blockManagerId().host(),
                store.toString(),
                store.getUsableSpace()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return disks;
  }
}
