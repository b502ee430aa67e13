package convoy.job;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import convoy.core.Checks;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.report.TrainingReport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/** Shows a training in a browser while it goes on. Starts no Spark. */
final class WatchJob implements Job<WatchJob.Config> {

  /** {@code conf/watch.yaml} explains each key. */
  record Config(String training, int port) {
    Config {
      new Checks().within(0, 65_535, "port", port).done();
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> settingsWithOption() {
    return List.of("port");
  }

  @Override
  public List<String> settingsWithoutName() {
    return List.of("training");
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    Checks.collect(problems, () -> new TrainingReport(Location.of(config.training())));
    return problems;
  }

  @Override
  public void run(Config config, Context context) {
    TrainingReport report = new TrainingReport(Location.of(config.training()));
    HttpServer server = serve(config.port(), report);
    context
        .out()
        .printf(
            "Training %s at http://127.0.0.1:%d/ until this is stopped (Ctrl-C).%n",
            config.training(), server.getAddress().getPort());
    context.out().flush();
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      server.stop(0);
    }
  }

  /** On the loopback address only: whoever may look at it is on this machine. */
  static HttpServer serve(int port, TrainingReport report) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
      server.createContext(
          "/", exchange -> answer(exchange, "/", "text/html; charset=utf-8", report::html));
      server.createContext(
          "/data.json",
          exchange -> answer(exchange, "/data.json", "application/json", report::data));
      server.start();
      return server;
    } catch (IOException e) {
      throw new UserException(
          "Cannot listen at port %d: %s. Name another one with --port, or 0 for any."
              .formatted(port, e.getMessage()),
          e);
    }
  }

  /** By its own name: another site's could lead here, and its scripts read what is answered. */
  private static boolean isAsked(HttpExchange exchange) {
    String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host"));
    String port = ":" + exchange.getLocalAddress().getPort();
    return host.equals("127.0.0.1" + port) || host.equals("localhost" + port);
  }

  private static void answer(
      HttpExchange exchange, String path, String type, Supplier<String> content)
      throws IOException {
    int status = 404;
    String text = "There is only / here.";
    if (!isAsked(exchange)) {
      status = 403;
      text = "Ask for 127.0.0.1.";
    } else if (exchange.getRequestURI().getPath().equals(path)) {
      try {
        text = content.get();
        status = 200;
      } catch (RuntimeException e) {
        // The run may be between two contents; the page asks again.
        text = String.valueOf(e.getMessage());
        status = 503;
      }
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", status == 200 ? type : "text/plain; charset=utf-8");
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }
}
