package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples for schedulers, as far as they can be checked without one. */
class SchedulesTest {
  private static final Path FOLDER = Path.of("conf/schedule");
  private static final String SPARK_VERSION = org.apache.spark.package$.MODULE$.SPARK_VERSION();
  @TempDir static Path scratch;

  @Test
  void cronLinesHaveTimesAUserAndACommandOfOurs() throws IOException {
    List<String> lines =
        Files.readAllLines(FOLDER.resolve("crontab")).stream()
            .filter(line -> line.matches("[0-9*].*"))
            .toList();
    assertThat(lines).hasSize(2);
    for (String line : lines) {
      String[] fields = line.split("\\s+", 7);
      for (int i = 0; i < 5; i++) {
        assertThat(fields[i]).matches("\\*|\\d+");
      }
      assertThat(fields[5]).isEqualTo("convoy");
      assertThat(fields[6]).containsPattern("jobs/(retrain|registry)\\.sh");
    }
  }

  @Test
  void systemdAcceptsItsUnits() throws Exception {
    assumeTrue(onPath("systemd-analyze"), "systemd is not on this machine");
    // The command has to be there for systemd to accept it.
    for (String unit : List.of("convoy-retrain.service", "convoy-retrain.timer")) {
      Files.writeString(
          scratch.resolve(unit),
          Files.readString(FOLDER.resolve(unit))
              .replace("/opt/convoy", Path.of("").toAbsolutePath().toString())
              .replace("User=convoy", "User=root"));
    }
    assertThat(
            output(
                "systemd-analyze",
                "verify",
                scratch.resolve("convoy-retrain.service").toString(),
                scratch.resolve("convoy-retrain.timer").toString()))
        .doesNotContain("convoy-retrain");
  }

  @Test
  void theKubernetesJobHasWhatTheApiAsksFor() throws IOException {
    JsonNode job =
        new YAMLMapper().readTree(Files.readString(FOLDER.resolve("convoy-retrain-cronjob.yaml")));
    assertThat(job.path("apiVersion").asText()).isEqualTo("batch/v1");
    assertThat(job.path("kind").asText()).isEqualTo("CronJob");
    assertThat(job.at("/spec/schedule").asText()).isEqualTo("30 2 * * *");
    assertThat(job.at("/spec/concurrencyPolicy").asText()).isEqualTo("Forbid");
    JsonNode pod = job.at("/spec/jobTemplate/spec/template/spec");
    assertThat(pod.path("restartPolicy").asText()).isEqualTo("Never");
    assertThat(pod.at("/containers/0/args").toString()).contains("convoy.job.Main", "retrain");
  }

  @Test
  void theKubernetesImageAndPodAreWhatTheSettingsName() throws IOException {
    List<String> settings =
        Files.readAllLines(Path.of("conf/spark/kubernetes.conf")).stream()
            .filter(line -> line.startsWith("spark."))
            .toList();
    assertThat(settings).allMatch(line -> line.matches("spark\\.[A-Za-z0-9.]+ +\\S+"));
    Path template =
        settings.stream()
            .filter(line -> line.startsWith("spark.kubernetes.executor.podTemplateFile"))
            .map(line -> Path.of(line.split(" +")[1].replace("/opt/convoy/", "")))
            .findFirst()
            .orElseThrow();
    JsonNode pod = new YAMLMapper().readTree(Files.readString(template));
    assertThat(pod.path("apiVersion").asText()).isEqualTo("v1");
    assertThat(pod.path("kind").asText()).isEqualTo("Pod");
    assertThat(pod.at("/spec/containers/0/volumeMounts/0/name").asText())
        .isEqualTo(pod.at("/spec/volumes/0/name").asText());
    List<String> image = Files.readAllLines(Path.of("conf/kubernetes/Dockerfile"));
    String job =
        new YAMLMapper()
            .readTree(Files.readString(FOLDER.resolve("convoy-retrain-cronjob.yaml")))
            .toString();
    assertThat(image)
        .anyMatch(line -> line.equals("FROM apache/spark:%s-java17".formatted(SPARK_VERSION)))
        .contains("COPY target/convoy-*-job.jar /opt/convoy/convoy-job.jar");
    assertThat(job).contains("local:///opt/convoy/convoy-job.jar");
  }

  @Test
  void pythonFilesCompileAndAirflowReadsItsOwnWhereItIsThere() throws Exception {
    assumeTrue(onPath("python3"), "Python is not on this machine");
    for (String file : List.of("conf/schedule/convoy_retrain_dag.py", "python/convoy/ml.py")) {
      assertThat(
              output("python3", "-c", "import ast; ast.parse(open('%s').read())".formatted(file)))
          .isBlank();
    }
    assumeTrue(
        output("python3", "-c", "import airflow").isBlank(), "Airflow is not on this machine");
    assertThat(output("python3", "conf/schedule/convoy_retrain_dag.py"))
        .doesNotContain("Traceback");
  }

  private static boolean onPath(String command) {
    return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }

  private static String output(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }
}
