package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

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
    String classPath = System.getProperty("java.class.path");
    Path classes = Files.createDirectories(folder.resolve("classes"));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                classPath,
                "-d",
                classes.toString(),
                "examples/library/src/main/java/example/TrainAndAsk.java");
    assertThat(compiled).isZero();
    List<String> command =
        new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"), "-Xmx1g"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-cp",
            classes + java.io.File.pathSeparator + classPath,
            "example.TrainAndAsk",
            folder.resolve("work").toString()));
    Path log = folder.resolve("log");
    Process run =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(run.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(Files.readString(log)).contains("Answers: [[");
    assertThat(folder.resolve("work/model/model.json")).exists();
  }
}
