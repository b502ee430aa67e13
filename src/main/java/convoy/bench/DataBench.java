package convoy.bench;

import convoy.core.Location;
import convoy.core.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The way of the pictures: from nested tars to shards, from shards to samples. Every case is a
 * process of its own, driver and tasks in one heap.
 */
public final class DataBench {
  private static final long DEADLINE_MINUTES = 120;
  private static final int LARGE_HEAP_MEBIBYTES = 2048;

  /** What a driver is to manage with, and here the tasks too. */
  private static final int TINY_HEAP_MEBIBYTES = 1024;

  private final List<String> flags;
  private final Path folder;

  /**
   * @param flags of the processes' JVMs
   * @param folder for drawn pictures, shards and logs
   */
  public DataBench(List<String> flags, Path folder) {
    this.flags = flags;
    this.folder = folder;
  }

  /**
   * Rows of all cases.
   *
   * @param pictures of 90 KB; 0 leaves them out
   * @param tiny numbers of pictures of 32 pixels
   * @param afterCase is told all rows so far
   */
  public List<DataRow> run(int pictures, List<Integer> tiny, Consumer<List<DataRow>> afterCase) {
    List<DataRow> rows = new ArrayList<>();
    int cases = tiny.size() + (pictures > 0 ? 1 : 0);
    try (Progress progress = Progress.of("bench", "cases", cases)) {
      for (int i = 0; i < cases; i++) {
        boolean large = i == tiny.size();
        rows.addAll(measure(large, large ? pictures : tiny.get(i)));
        progress.moveTo(i + 1, "");
        afterCase.accept(List.copyOf(rows));
      }
    }
    return rows;
  }

  private List<DataRow> measure(boolean large, int pictures) {
    Path place;
    try {
      place = Files.createTempDirectory(folder, "data");
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a folder", e);
    }
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(flags);
    command.addAll(
        List.of(
            "-Xmx%dm".formatted(large ? LARGE_HEAP_MEBIBYTES : TINY_HEAP_MEBIBYTES),
            "-Djava.awt.headless=true",
            "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=127.0.0.1",
            "-Dspark.driver.bindAddress=127.0.0.1",
            "-Dspark.local.dir=" + place.resolve("local"),
            "-cp",
            System.getProperty("java.class.path"),
            DataWorker.class.getName(),
            large ? "large" : "tiny",
            String.valueOf(pictures),
            place.toString()));
    List<DataRow> rows =
        WorkerProcess.run(
                command,
                "%,d %s pictures".formatted(pictures, large ? "large" : "tiny"),
                place,
                DEADLINE_MINUTES,
                DataWorker.Rows.class)
            .rows();
    Location.of(place.toString()).delete();
    return rows;
  }
}
