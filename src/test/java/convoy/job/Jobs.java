package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs jobs as their command lines would, in this JVM, on two local slots. */
final class Jobs {

  /** What came of a job. */
  record Outcome(int code, String errors) {}

  private Jobs() {}

  static Outcome run(String job, String... options) {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    StringWriter errors = new StringWriter();
    List<String> words = new ArrayList<>(List.of(job));
    words.addAll(List.of(options));
    int code = Main.run(new PrintWriter(errors, true), words.toArray(String[]::new));
    return new Outcome(code, errors.toString().strip());
  }

  static void succeed(String job, String... options) {
    Outcome outcome = run(job, options);
    assertThat(outcome.errors()).isEmpty();
    assertThat(outcome.code()).isZero();
  }

  /** A data set of drawn shapes below {@code folder}. */
  static Path shapes(Path folder, int trainPerClass, int testPerClass) {
    Path pictures = folder.resolve("pictures");
    succeed(
        "draw",
        "--set",
        "output=" + pictures,
        "--set",
        "train-per-class=" + trainPerClass,
        "--set",
        "test-per-class=" + testPerClass);
    Path shapes = folder.resolve("shapes");
    succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + pictures,
        "--set",
        "output=" + shapes,
        "--set",
        "shard-examples=57");
    return shapes;
  }
}
