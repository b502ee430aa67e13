package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import convoy.core.Location;
import convoy.report.TrainingReport;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a training, as a file and while somebody watches. */
class WatchIT {
  @TempDir static Path folder;
  private static Path run;

  @BeforeAll
  static void train() {
    run = folder.resolve("run");
    Jobs.shapes(folder, 13, 5);
    Jobs.succeed("train", train(run));
  }

  private static String[] train(Path place) {
    return new String[] {
      "--config",
      "conf/train/demo.yaml",
      "--set",
      "dataset=" + folder.resolve("shapes"),
      "--set",
      "training.epochs=3",
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
