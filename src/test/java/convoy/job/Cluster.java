package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A real standalone master with workers of one core on this machine, as {@code cluster.sh}'s. */
final class Cluster {
  private final Scripts scripts;
  private final Path folder;
  private final int port;

  Cluster(Scripts scripts, Path folder, int workers) throws Exception {
    this.scripts = scripts;
    this.folder = folder;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    String words = "start --workers %d --cores 1 --port %d".formatted(workers, port);
    scripts.run("cluster.sh", words.split(" "));
  }

  String master() {
    return "spark://127.0.0.1:" + port;
  }

  /** The standalone cluster's settings, for this one. */
  Path settings() throws IOException {
    return Files.writeString(
        folder.resolve("standalone.conf"),
        Files.readString(Path.of("conf/spark/standalone.conf")).replace(":7077", ":" + port));
  }

  /** The process of a worker, from 1. */
  ProcessHandle worker(int number) {
    try {
      String id = Files.readString(folder.resolve("cluster/worker%d.pid".formatted(number)));
      return ProcessHandle.of(Long.parseLong(id.strip())).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The executor that a worker has started, once it is there. */
  Optional<ProcessHandle> executor(int worker) {
    return worker(worker)
        .descendants()
        .filter(ProcessHandle::isAlive)
        .filter(p -> p.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
        .findFirst();
  }

  void stop() throws Exception {
    scripts.run("cluster.sh", "stop");
    assertThat(scripts.run("cluster.sh", "status")).isBlank();
  }
}
