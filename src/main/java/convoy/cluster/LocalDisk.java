package convoy.cluster;

import java.nio.file.Path;
import java.util.UUID;
import org.apache.spark.SparkEnv;

/** The disk of the machine that a task runs on. */
public final class LocalDisk {
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
}
