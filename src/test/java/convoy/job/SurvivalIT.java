package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.train.ParameterAveragingTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of a training whose processes are killed or stopped, on a real standalone cluster of
 * two workers. All runs are to end in the bits that an undisturbed one has in one JVM.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SurvivalIT {
  @TempDir static Path folder;
  private static Scripts scripts;
  private static Cluster cluster;
  private static Path settings;
  private static String undisturbed;

  @BeforeAll
  static void startCluster() throws Exception {
    Jobs.shapes(folder, 40, 10);
    Path run = folder.resolve("undisturbed");
    Jobs.succeed("train", options(run));
    undisturbed = digest(run);
    scripts = new Scripts(folder);
    cluster = new Cluster(scripts, folder, 2);
    settings = cluster.settings();
    // A stopped executor is given up soon after the workers' deadline.
    Files.writeString(
        settings,
        "\nspark.network.timeout 30s\nspark.network.timeoutInterval 5s\n",
        StandardOpenOption.APPEND);
  }

  @AfterAll
  static void stopCluster() throws Exception {
    cluster.stop();
  }

  /** ResNet-20 takes some seconds an epoch, with a checkpoint every few rounds. */
  private static String[] options(Path run, String... more) {
    List<String> options =
        new ArrayList<>(List.of("--config", "conf/train/demo.yaml", "--run", run.toString()));
    options.addAll(List.of(more));
    for (String setting :
        List.of(
            "dataset=" + folder.resolve("shapes"),
            "network.architecture=resnet20",
            "training.epochs=3",
            "training.minibatch=4",
            "training.minibatches-per-round=2",
            "training.checkpoint-rounds=3",
            "training.checkpoints-kept=3",
            "training.deadline-minutes=0.25")) {
      options.addAll(List.of("--set", setting));
    }
    return options.toArray(String[]::new);
  }

  private static String digest(Path run) {
    return Documents.read(Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
        .digest();
  }

  private static Process start(Path run) throws IOException {
    return scripts.start("train.sh", options(run, "--spark", settings.toString()));
  }

  private static void await(String what, BooleanSupplier condition) throws Exception {
    boolean holds = condition.getAsBoolean();
    for (int i = 0; i < 2_400 && !holds; i++) {
      Thread.sleep(50);
      holds = condition.getAsBoolean();
    }
    assertThat(holds).as("%s; %s", what, scripts.output()).isTrue();
  }

  /** Name of the newest checkpoint that is whole; empty if there is none. */
  private static String newest(Path run) {
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.exists(checkpoints)) {
      return "";
    }
    try (Stream<Path> places = Files.list(checkpoints)) {
      return places
          .filter(place -> Files.exists(place.resolve("checkpoint.json")))
          .map(place -> place.getFileName().toString())
          .max(String::compareTo)
          .orElse("");
    } catch (IOException e) {
      // One was deleted meanwhile.
      return "";
    }
  }

  private static void awaitProgress(Path run) throws Exception {
    String before = newest(run);
    await("a checkpoint after " + before, () -> newest(run).compareTo(before) > 0);
  }

  private static void kill(int worker) throws Exception {
    await("an executor of worker " + worker, () -> cluster.executor(worker).isPresent());
    ProcessHandle executor = cluster.executor(worker).orElseThrow();
    assertThat(executor.destroyForcibly()).isTrue();
    // Until it is gone it would be taken for the next one.
    assertThat(executor.onExit().get(30, TimeUnit.SECONDS).isAlive()).isFalse();
  }

  private static void signal(ProcessHandle process, String signal) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor())
        .isZero();
  }

  private static void assertEndsUndisturbed(Process driver, Path run) throws Exception {
    assertThat(driver.waitFor(4, TimeUnit.MINUTES)).as(scripts.output()).isTrue();
    assertThat(driver.exitValue()).as(scripts.output()).isZero();
    assertThat(digest(run)).isEqualTo(undisturbed);
    assertThat(Files.readAllLines(run.resolve("progress.jsonl"))).hasSize(3);
  }

  @Test
  @Order(1)
  void executorsThatAreKilledAreReplaced() throws Exception {
    Path run = folder.resolve("executors");
    Process driver = start(run);
    awaitProgress(run);
    assertRefusesAnother(run);
    kill(1);
    awaitProgress(run);
    // One of the two has rank 0. And two in a row: the second before the first one's rounds are
    // made up for.
    kill(2);
    await("an executor again", () -> cluster.executor(2).isPresent());
    kill(1);
    assertEndsUndisturbed(driver, run);
  }

  private static void assertRefusesAnother(Path run) {
    Jobs.Outcome second = Jobs.run("train", options(run));
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.errors())
        .contains("error: Cannot write into run " + run)
        .contains("(process ")
        .contains("has been at work since");
  }

  @Test
  @Order(2)
  void aDriverThatIsKilledTimeAndAgainIsResumed() throws Exception {
    Path run = folder.resolve("drivers");
    Random random = new Random(11);
    for (int kills = 0; kills < 2; kills++) {
      Process driver = start(run);
      awaitProgress(run);
      Thread.sleep(random.nextInt(1_500));
      assertThat(run.resolve("result.json")).as("killed before its end").doesNotExist();
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
      assertThat(driver.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertEndsUndisturbed(start(run), run);
  }

  @Test
  @Order(3)
  void aStoppedExecutorIsWaitedForUntilTheDeadlineAndThenReplaced() throws Exception {
    Path run = folder.resolve("stopped");
    Process driver = start(run);
    awaitProgress(run);
    long began = System.nanoTime();
    signal(cluster.executor(1).orElseThrow(), "STOP");
    assertEndsUndisturbed(driver, run);
    assertThat(scripts.output())
        .containsPattern(
            "in epoch 1, round \\d+: Worker [12] of 2 on 127.0.0.1 waited for the others");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofSeconds(15));
  }

  @Test
  @Order(4)
  void aClusterThatLosesAWorkerSaysThatItHasTooFewSlots() throws Exception {
    Path run = folder.resolve("worker");
    Process driver = start(run);
    awaitProgress(run);
    ProcessHandle executor = cluster.executor(2).orElseThrow();
    cluster.worker(2).destroyForcibly();
    executor.destroyForcibly();
    assertThat(driver.waitFor(4, TimeUnit.MINUTES)).as(scripts.output()).isTrue();
    assertThat(driver.exitValue()).isEqualTo(3);
    assertThat(scripts.output())
        .contains(
            "Cannot go on with epoch 1: it needs 2 slots at the same time, and the cluster has only 1 left.");
  }
}
