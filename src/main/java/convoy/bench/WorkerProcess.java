package convoy.bench;

import convoy.core.Documents;
import convoy.core.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that prints its result as one line of JSON among others. */
final class WorkerProcess {
  private static final String RESULT = "result ";

  private WorkerProcess() {}

  /** In the process: says what it came to. */
  static void print(Object result) {
    System.out.println(RESULT + Documents.toJsonLine(result).strip());
  }

  /**
   * Runs it.
   *
   * @param what is measured, for messages
   * @param folder for its output and log
   */
  static <T> T run(
      List<String> command, String what, Path folder, long deadlineMinutes, Class<T> type) {
    Path output = folder.resolve("output");
    Path log = folder.resolve("log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(log.toFile())
              .start();
      boolean ended = process.waitFor(deadlineMinutes, TimeUnit.MINUTES);
      process.destroyForcibly();
      List<String> results =
          Files.readAllLines(output, StandardCharsets.UTF_8).stream()
              .filter(line -> line.startsWith(RESULT))
              .toList();
      if (!ended || results.size() != 1) {
        throw new UserException(
            "Cannot measure %s: its process ended without a result, or gave none within %d minutes. See %s."
                .formatted(what, deadlineMinutes, log));
      }
      return Documents.fromJson(output.toString(), results.get(0).substring(RESULT.length()), type);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot start " + what, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while measuring " + what, e);
    }
  }
}
