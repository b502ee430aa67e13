package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that is looked at from outside while it goes on, and stopped. */
class StopIT {
  private static final String METRICS = "spark.metrics.conf.driver.sink.prometheusServlet.";
  @TempDir Path folder;

  @Test
  void sparksPagesShowATrainingAndASignalStopsItWithoutATrace() throws Exception {
    Path shapes = Jobs.shapes(folder, 40, 10);
    Path run = folder.resolve("run");
    Path log = folder.resolve("log");
    int port = freePort();
    String[] options = {
      "--config",
      "conf/train/demo.yaml",
      "--set",
      "dataset=" + shapes,
      "--set",
      "training.epochs=10000",
      "--run",
      run.toString()
    };
    Process training =
        JobProcess.start(
            log,
            List.of(
                "-Dspark.ui.enabled=true",
                "-Dspark.ui.port=" + port,
                "-D%sclass=org.apache.spark.metrics.sink.PrometheusServlet".formatted(METRICS),
                "-D%spath=/metrics/prometheus".formatted(METRICS)),
            "train",
            options);
    try {
      await(training, log, "epoch 2 of 10000");
      assertThat(page(port, "/jobs/")).contains("Spark Jobs");
      assertThat(page(port, "/metrics/prometheus/"))
          .containsPattern("convoy_train_loss_Value\\S* [0-9]")
          .contains("convoy_train_images_per_second", "convoy_train_round_seconds");
      // As Ctrl-C does, which a JVM that was started in the background may not hear.
      training.destroy();
      assertThat(training.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      training.destroyForcibly();
    }
    assertThat(Files.readString(log))
        .contains("stopped: the same command with the same --run, or output, goes on")
        .doesNotContain("Cannot finish epoch", "\tat ", "WARN", "ERROR");
    assertThat(run.resolve("progress.jsonl")).isNotEmptyFile();
    assertThat(Files.readString(run.resolve("report.html"))).contains("stopped");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void await(Process process, Path log, String line) throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
    while (process.isAlive() && !Files.readString(log).contains(line) && System.nanoTime() < end) {
      Thread.sleep(100);
    }
    assertThat(log).content().contains(line);
  }

  private static String page(int port, String path) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }
}
