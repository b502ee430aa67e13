package convoy.bench;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Rounds of two workers who take a step each and average: what they cost beside the step. Every
 * case is a process with a Spark context of its own.
 */
public final class RoundBench {
  private static final long DEADLINE_MINUTES = 30;
  private final Map<String, String> classPaths;
  private final List<String> flags;
  private final Path folder;

  /**
   * @param classPaths of processes by engine; cases of others are left out
   * @param flags of their JVMs
   * @param folder for their logs, data and checkpoints, which executors have to reach
   */
  public RoundBench(Map<String, String> classPaths, List<String> flags, Path folder) {
    this.classPaths = classPaths;
    this.flags = flags;
    this.folder = folder;
  }

  /**
   * Rows of all cases.
   *
   * @param afterCase is told all rows so far
   */
  public List<RoundRow> run(List<RoundCase> cases, Consumer<List<RoundRow>> afterCase) {
    List<RoundRow> rows = new ArrayList<>();
    List<RoundCase> some =
        cases.stream().filter(one -> classPaths.containsKey(one.engine())).toList();
    try (Progress progress = Progress.of("bench", "cases", some.size())) {
      for (RoundCase one : some) {
        rows.add(measure(one));
        progress.moveTo(rows.size(), one.toString());
        afterCase.accept(List.copyOf(rows));
      }
    }
    return rows;
  }

  private RoundRow measure(RoundCase one) {
    Path place;
    try {
      place = Files.createTempDirectory(folder, one.engine());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a folder for " + one, e);
    }
    RoundRow row =
        WorkerProcess.run(
            command(one, place), one.toString(), place, DEADLINE_MINUTES, RoundRow.class);
    Location.of(place.toString()).delete();
    return row;
  }

  private List<String> command(RoundCase one, Path place) {
    String classPath = classPaths.get(one.engine());
    String main =
        one.engine().equals(RoundCase.CONVOY)
            ? RoundWorker.class.getName()
            : "convoy.bench.Dl4jSparkRounds";
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(flags);
    command.addAll(
        List.of(
            "-Xmx8g",
            "-Djava.awt.headless=true",
            "-Dspark.master=" + one.master(),
            "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=127.0.0.1",
            "-Dspark.driver.bindAddress=127.0.0.1",
            "-Dspark.executor.memory=5g",
            "-Dspark.executor.cores=1",
            "-Dspark.executor.extraClassPath=" + classPath,
            "-cp",
            classPath,
            main,
            Documents.toJsonLine(one).strip(),
            place.toString()));
    return command;
  }
}
