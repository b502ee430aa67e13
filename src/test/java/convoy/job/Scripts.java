package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the scripts in {@code jobs/}, as an operator does. */
final class Scripts {
  private static final int DEADLINE_MINUTES = 8;
  private final Path folder;
  private final Path log;
  private final Map<String, String> environment = new HashMap<>();

  /**
   * @param folder for what they say, and for a cluster of their own
   */
  Scripts(Path folder) {
    this.folder = folder;
    this.log = folder.resolve("scripts.log");
  }

  /** With one more variable of the environment. */
  Scripts with(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Standard output and errors of a script that has to succeed. */
  String run(String script, String... options) throws Exception {
    Process process = start(script, options);
    if (!process.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError(
          "%s took more than %d minutes:%n%s".formatted(script, DEADLINE_MINUTES, output()));
    }
    assertThat(process.exitValue()).as("%s:%n%s", script, output()).isZero();
    return output();
  }

  Process start(String script, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("jobs/" + script));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    // The embedded Spark, whatever this machine has.
    builder.environment().remove("SPARK_HOME");
    builder.environment().put("CONVOY_CLUSTER_DIR", folder.resolve("cluster").toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  String output() throws IOException {
    return Files.readString(log);
  }
}
