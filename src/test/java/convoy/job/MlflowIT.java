package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.train.TrainingHistory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MLflow's client against a server that answers as the REST API 2.0 says, and notes all calls. */
class MlflowIT {
  @TempDir static Path folder;

  /** One call. */
  private record Call(String path, JsonNode body) {}

  private final List<Call> calls = Collections.synchronizedList(new ArrayList<>());

  private HttpServer serve(int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext("/api/2.0/mlflow/", this::answer);
    server.start();
    return server;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().replace("/api/2.0/mlflow/", "");
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    calls.add(new Call(path, body.isEmpty() ? null : new ObjectMapper().readTree(body)));
    String answer =
        switch (path) {
          case "experiments/get-by-name" ->
              "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": \"none\"}";
          case "experiments/create" -> "{\"experiment_id\": \"7\"}";
          case "runs/create" ->
              "{\"run\": {\"info\": {\"run_id\": \"abc\", \"experiment_id\": \"7\"}}}";
          default -> "{}";
        };
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(answer.contains("error_code") ? 404 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private List<JsonNode> bodies(String path) {
    return calls.stream().filter(call -> call.path.equals(path)).map(Call::body).toList();
  }

  private static void train(int port) {
    Jobs.succeed(
        "train",
        "--config",
        "conf/train/demo.yaml",
        "--set",
        "dataset=" + folder.resolve("shapes"),
        "--set",
        "training.epochs=2",
        "--set",
        "mlflow=http://somebody:secret@127.0.0.1:" + port,
        "--set",
        "mlflow-experiment=shapes",
        "--run",
        folder.resolve("run").toString());
  }

  @Test
  void theServerLearnsLaterWhatItMissed() throws Exception {
    Jobs.shapes(folder, 13, 5);
    HttpServer server = serve(0);
    int port = server.getAddress().getPort();
    server.stop(0);
    // Nobody answers, and the training does not mind.
    train(port);
    assertThat(folder.resolve("run/mlflow.json")).doesNotExist();
    server = serve(port);
    try {
      train(port);
      assertThat(bodies("experiments/create").get(0).path("name").asText()).isEqualTo("shapes");
      JsonNode created = bodies("runs/create").get(0);
      assertThat(created.path("experiment_id").asText()).isEqualTo("7");
      assertThat(created.path("run_name").asText()).isEqualTo("run");
      List<JsonNode> batches = bodies("runs/log-batch");
      assertThat(batches).hasSize(3).allMatch(one -> one.path("run_id").asText().equals("abc"));
      // The API takes no more at a time.
      assertThat(batches.get(0).path("params")).hasSizeLessThan(100);
      assertThat(batches.get(0).path("params"))
          .anyMatch(
              parameter ->
                  parameter.path("key").asText().equals("training.schedule.type")
                      && parameter.path("value").asText().equals("cosine"));
      List<TrainingHistory.Epoch> epochs =
          TrainingHistory.of(new RunFolder(Location.of(folder.resolve("run").toString())));
      for (TrainingHistory.Epoch epoch : epochs) {
        assertThat(batches.get(epoch.epoch()).path("metrics"))
            .anyMatch(
                metric ->
                    metric.path("key").asText().equals("loss/validation")
                        && metric.path("value").asDouble() == epoch.validationLoss()
                        && metric.path("step").asInt() == epoch.epoch());
      }
      assertThat(bodies("runs/update").get(0).path("status").asText()).isEqualTo("FINISHED");
      assertThat(calls.toString()).doesNotContain("secret");
      assertThat(folder.resolve("run/mlflow.json")).content().doesNotContain("secret");
      int before = calls.size();
      train(port);
      assertThat(calls).hasSize(before);
    } finally {
      server.stop(0);
    }
  }
}
