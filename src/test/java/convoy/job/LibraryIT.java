package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of another project that uses Convoy compiles and runs. */
class LibraryIT {
  @TempDir static Path folder;

  @Test
  void theExampleTrainsAndAsks() throws Exception {
    run(folder, System.getProperty("java.class.path"), List.of());
  }

  /**
   * Compiles the example and runs it.
   *
   * @param classPath that it runs with: Convoy and Spark
   * @param flags of its JVM
   */
  static void run(Path place, String classPath, List<String> flags) throws Exception {
    Path classes = Files.createDirectories(place.resolve("classes"));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                "examples/library/src/main/java/example/TrainAndAsk.java",
                "examples/library/src/main/java/example/ChooseRate.java");
    assertThat(compiled).isZero();
    List<String> command =
        new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"), "-Xmx1g"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(flags);
    command.addAll(
        List.of(
            "-cp",
            classes + File.pathSeparator + classPath,
            "example.TrainAndAsk",
            place.resolve("example").toString()));
    Path log = place.resolve("log");
    Process run =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = run.waitFor(5, TimeUnit.MINUTES);
    run.destroyForcibly();
    assertThat(ended).as(Files.readString(log)).isTrue();
    assertThat(Files.readString(log)).contains("Answers: [[");
    assertThat(place.resolve("example/model/model.json")).exists();
    assertThat(place.resolve("example/work")).isEmptyDirectory();
  }
}
