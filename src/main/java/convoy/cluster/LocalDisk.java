package convoy.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.spark.SparkEnv;

/** The disk of the machine that a task runs on. */
public final class LocalDisk {
  private LocalDisk() {}

  /**
   * A name for a folder that nobody else has, in Spark's local folders ({@code spark.local.dir}),
   * which go with the executor; outside Spark in the temporary ones.
   */
  public static Path folder(String kind) {
    SparkEnv spark = SparkEnv.get();
    if (spark != null) {
      return spark
          .blockManager()
          .diskBlockManager()
          .localDirs()[0]
          .toPath()
          .resolve("%s-%s".formatted(kind, UUID.randomUUID()));
    }
    try {
      return Files.createTempDirectory(kind);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a temporary folder", e);
    }
  }
}
