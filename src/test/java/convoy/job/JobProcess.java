package convoy.job;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A job in a JVM of its own, to be stopped or killed; on two cores of this machine, and with the
 * log that jobs have.
 */
final class JobProcess {
  private JobProcess() {}

  /**
   * Starts it.
   *
   * @param flags of the JVM
   * @param log for all that it says
   */
  static Process start(Path log, List<String> flags, String job, String... options)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx1g",
                "-Djava.awt.headless=true",
                "-Dlog4j2.configurationFile=" + Path.of("conf/log4j2.properties").toUri(),
                "-Dspark.master=local[2]"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "convoy.job.Main", job));
    command.addAll(List.of(options));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }
}
