package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.report.TrainingReport;
import convoy.train.TrainingHistory;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.shade.protobuf.UnknownFieldSet;
import org.tensorflow.framework.Summary;
import org.tensorflow.hadoop.util.TFRecordReader;

/** The page of a training, as a file and while somebody watches. */
class WatchIT {
  @TempDir static Path folder;
  private static Path run;
  private static final String SINK = "spark.metrics.conf.driver.sink.csv.";

  @BeforeAll
  static void train() throws Exception {
    run = folder.resolve("run");
    Jobs.shapes(folder, 13, 5);
    Map<String, String> sink =
        Map.of(
            "class",
            "org.apache.spark.metrics.sink.CsvSink",
            "directory",
            metrics().toString(),
            "period",
            "1");
    try {
      Files.createDirectories(metrics());
      sink.forEach((key, value) -> System.setProperty(SINK + key, value));
      Jobs.succeed("train", train(run));
    } finally {
      sink.keySet().forEach(key -> System.clearProperty(SINK + key));
    }
  }

  private static Path metrics() {
    return folder.resolve("metrics");
  }

  @Test
  void sparksMetricsHaveTheTrainingsNumbers() throws Exception {
    TrainingHistory.Epoch last =
        TrainingHistory.of(new RunFolder(Location.of(run.toString()))).get(2);
    assertThat(told("loss")).isEqualTo(last.trainingLoss());
    assertThat(told("images-per-second")).isEqualTo(last.imagesPerSecond());
    assertThat(told("sent-bytes")).isEqualTo(last.sentBytes()).isPositive();
    assertThat(told("validation-top1-error")).isEqualTo(last.validationTop1Error());
  }

  /** The last value of a file that Spark wrote: time, value. */
  private static double told(String name) throws Exception {
    try (Stream<Path> files = Files.list(metrics())) {
      Path file =
          files
              .filter(f -> f.toString().endsWith(".driver.convoy.train." + name + ".csv"))
              .findFirst()
              .orElseThrow();
      List<String> lines = Files.readAllLines(file);
      return Double.parseDouble(lines.get(lines.size() - 1).split(",")[1]);
    }
  }

  private static String[] train(Path place) {
    return new String[] {
      "--config",
      "conf/train/demo.yaml",
      "--set",
      "dataset=" + folder.resolve("shapes"),
      "--set",
      "training.epochs=3",
      "--set",
      "tensorboard=true",
      "--run",
      place.toString()
    };
  }

  private static HttpResponse<String> get(HttpServer server, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path)))
                .timeout(Duration.ofSeconds(20))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void whatIsServedFollowsTheRun() throws Exception {
    HttpServer server = WatchJob.serve(0, new TrainingReport(Location.of(run.toString())));
    try {
      assertThat(server.getAddress().getAddress().isLoopbackAddress()).isTrue();
      assertThat(get(server, "/").body()).contains("lenet", "State of 657,080 values");
      assertThat(get(server, "/data.json").body()).contains("\"state\":\"done\"", "\"epoch\":3");
      Path history = run.resolve("progress.jsonl");
      String whole = Files.readString(history);
      Files.writeString(history, whole.lines().findFirst().orElseThrow() + "\n");
      assertThat(get(server, "/data.json").body())
          .contains("\"state\":\"stopped\"")
          .doesNotContain("\"epoch\":3");
      Files.writeString(history, "{");
      assertThat(get(server, "/data.json").statusCode()).isEqualTo(503);
      Files.writeString(history, whole);
      assertThat(get(server, "/config.yaml").statusCode()).isEqualTo(404);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void tensorFlowReadsTheEpochs() throws Exception {
    // Messages of tensorflow/core/util/event.proto.
    List<UnknownFieldSet> events = new ArrayList<>();
    try (Stream<Path> files = Files.list(run.resolve("tensorboard"))) {
      for (Path file : files.sorted().toList()) {
        try (InputStream in = Files.newInputStream(file)) {
          TFRecordReader reader = new TFRecordReader(in, true);
          for (byte[] event = reader.read(); event != null; event = reader.read()) {
            events.add(UnknownFieldSet.parseFrom(event));
          }
        }
      }
    }
    assertThat(events).hasSize(6);
    List<TrainingHistory.Epoch> epochs =
        TrainingHistory.of(new RunFolder(Location.of(run.toString())));
    for (TrainingHistory.Epoch epoch : epochs) {
      UnknownFieldSet version = events.get(2 * epoch.epoch() - 2);
      assertThat(version.getField(3).getLengthDelimitedList().get(0).toStringUtf8())
          .isEqualTo("brain.Event:2");
      UnknownFieldSet event = events.get(2 * epoch.epoch() - 1);
      assertThat(event.getField(2).getVarintList()).containsExactly((long) epoch.epoch());
      assertThat(Double.longBitsToDouble(event.getField(1).getFixed64List().get(0)))
          .isBetween(System.currentTimeMillis() / 1e3 - 3600, System.currentTimeMillis() / 1e3);
      Map<String, Float> values =
          Summary.parseFrom(event.getField(5).getLengthDelimitedList().get(0).toByteArray())
              .getValueList()
              .stream()
              .collect(Collectors.toMap(Summary.Value::getTag, Summary.Value::getSimpleValue));
      assertThat(values)
          .containsEntry("loss/training", (float) epoch.trainingLoss())
          .containsEntry("error/top-1", (float) epoch.validationTop1Error())
          .containsEntry("learning-rate", (float) epoch.learningRate());
    }
  }

  /** Another site's name that leads here must not let its scripts read the page. */
  @Test
  void onlyItsOwnNameIsAnswered() throws Exception {
    HttpServer server = WatchJob.serve(0, new TrainingReport(Location.of(run.toString())));
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), server.getAddress().getPort())) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n".getBytes());
      assertThat(new String(socket.getInputStream().readAllBytes()))
          .startsWith("HTTP/1.1 403")
          .doesNotContain("lenet");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void thePageDrawsItsChartsInABrowser() throws Exception {
    String page = Browser.shows(run.resolve("report.html"), folder);
    assertThat(page)
        .contains(
            "Done: 3 epochs.", "Where a worker's time goes", "the rest", "validation top-1 error");
    // A canvas a chart, and a row an epoch below the head.
    assertThat(page.split("<canvas", -1)).hasSize(6);
    assertThat(page.split("<tr", -1).length).isGreaterThanOrEqualTo(5);
  }

  @Test
  void otherFoldersAreRefused() {
    assertThat(Jobs.run("watch", folder.resolve("shapes").toString()).errors())
        .startsWith("error: Cannot find a run in ");
    Path described = folder.resolve("described");
    Jobs.succeed("describe", "--set", "compare=[lenet, alexnet]", "--run", described.toString());
    assertThat(Jobs.run("watch", described.toString()).errors())
        .contains("it is a run of jobs/describe.sh, not of jobs/train.sh");
    assertThat(Jobs.run("train", train(described)).errors())
        .contains("it is a run of jobs/describe.sh, not of jobs/train.sh");
  }
}
