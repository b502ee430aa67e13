package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import convoy.train.ParameterAveragingTrainer;
import java.io.IOException;
import java.io.Writer;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way on an object store: a real S3 server on loopback and Hadoop's own client. */
class S3IT {
  private static final String BUCKET = "convoy";
  private static final String USER = "user";
  private static final String SECRET = "secret-of-this-test";
  @TempDir static Path folder;
  private static Process server;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    Path objects = Files.createDirectories(folder.resolve("objects"));
    Files.createDirectories(objects.resolve(BUCKET));
    port = freePort();
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "s3proxy.endpoint",
            "http://127.0.0.1:" + port,
            "s3proxy.authorization",
            "aws-v2-or-v4",
            "s3proxy.identity",
            USER,
            "s3proxy.credential",
            SECRET,
            "jclouds.provider",
            "filesystem",
            "jclouds.identity",
            USER,
            "jclouds.credential",
            SECRET,
            "jclouds.filesystem.basedir",
            objects.toString()));
    Path file = folder.resolve("s3proxy.conf");
    try (Writer out = Files.newBufferedWriter(file)) {
      properties.store(out, null);
    }
    server =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-jar",
                "target/s3proxy.jar",
                "--properties",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("s3proxy.log").toFile())
            .start();
    awaitServer();
    settings().forEach(System::setProperty);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitServer() throws Exception {
    Instant end = Instant.now().plusSeconds(60);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (ConnectException e) {
        assertThat(Instant.now())
            .as("the S3 server: %s", Files.readString(folder.resolve("s3proxy.log")))
            .isBefore(end);
        Thread.sleep(200);
      }
    }
  }

  private static Map<String, String> settings() {
    return Map.of(
        "spark.hadoop.fs.s3a.endpoint",
        "http://127.0.0.1:" + port,
        "spark.hadoop.fs.s3a.access.key",
        USER,
        "spark.hadoop.fs.s3a.secret.key",
        SECRET,
        "spark.hadoop.fs.s3a.path.style.access",
        "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled",
        "false",
        // As Hadoop 3.4 does by default: no deletion of parents' markers at each write, which this
        // server answers in a way that Hadoop 3.3's client tries again for twenty seconds.
        "spark.hadoop.fs.s3a.directory.marker.retention",
        "keep");
  }

  @AfterAll
  static void stop() throws Exception {
    settings().keySet().forEach(System::clearProperty);
    server.destroy();
    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void picturesArePartitionedTrainedOnResumedAndEvaluatedWhereTheyAre() {
    String bucket = "s3a://" + BUCKET;
    Jobs.succeed(
        "draw",
        "--set",
        "output=" + bucket + "/pictures",
        "--set",
        "train-per-class=13",
        "--set",
        "test-per-class=5");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + bucket + "/pictures",
        "--set",
        "output=" + bucket + "/shapes");
    Location set = Location.of(bucket + "/shapes");
    assertThat(DatasetManifest.read(set).split("train").examples()).isEqualTo(118);
    // Nothing half-written, and nothing of the work, is left.
    assertThat(set.list(true))
        .extracting(Location.Entry::name)
        .containsExactlyInAnyOrder("manifest.json", "rejected.tsv", "skipped.tsv", "shards");
    assertThat(set.child("shards").list(true))
        .allMatch(entry -> entry.name().matches(".*\\.tar(\\.index\\.json)?"));

    train(bucket);
    Location run = Location.of(bucket + "/run");
    String digest = digest(run);
    // As if it had been stopped within the second epoch: what that epoch left is gone.
    run.child("result.json").delete();
    run.child("checkpoints/epoch-00002/checkpoint.json").delete();
    train(bucket);
    assertThat(digest(run)).isEqualTo(digest);
    Jobs.succeed(
        "evaluate",
        "--set",
        "dataset=" + bucket + "/shapes",
        "--set",
        "members=[" + bucket + "/run]",
        "--run",
        bucket + "/evaluation");
    assertThat(Location.of(bucket + "/evaluation/evaluation.json").readText())
        .contains("\"top1-error\"");
  }

  private static String digest(Location run) {
    return Documents.read(run.child("result.json"), ParameterAveragingTrainer.Result.class)
        .digest();
  }

  private static void train(String bucket) {
    List<String> options =
        new ArrayList<>(List.of("--config", "conf/train/demo.yaml", "--run", bucket + "/run"));
    for (String setting :
        List.of(
            "dataset=" + bucket + "/shapes",
            "training.epochs=2",
            "training.workers=2",
            "training.minibatch=13")) {
      options.addAll(List.of("--set", setting));
    }
    Jobs.succeed("train", options.toArray(String[]::new));
  }
}
