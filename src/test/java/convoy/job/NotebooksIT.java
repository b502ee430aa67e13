package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every cell of every notebook runs. */
class NotebooksIT {
  private static final long DEADLINE_MINUTES = 10;
  @TempDir static Path folder;

  @BeforeAll
  static void needsJupyter() throws Exception {
    assumeTrue(
        Stream.of("jupyter", "/usr/bin/jupyter").anyMatch(NotebooksIT::converts),
        "Jupyter's nbconvert is not on this machine");
  }

  private static boolean converts(String jupyter) {
    try {
      return new ProcessBuilder(jupyter, "nbconvert", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  static List<Path> notebooks() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("notebooks"))) {
      return files.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("notebooks")
  void runs(Path notebook) throws Exception {
    Path log = folder.resolve("log");
    Process run =
        new ProcessBuilder("notebooks/run.sh", folder.toString(), notebook.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    boolean ended = run.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      run.descendants().forEach(ProcessHandle::destroyForcibly);
      run.destroyForcibly();
    }
    assertThat(ended).as("it ends").isTrue();
    assertThat(run.exitValue()).as(Files.readString(log)).isZero();
    assertThat(folder.resolve(notebook.getFileName())).content().doesNotContain("\"error\"");
  }
}
