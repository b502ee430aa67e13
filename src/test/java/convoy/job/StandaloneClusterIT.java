package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.evaluate.Evaluation;
import convoy.registry.Registry;
import convoy.train.ParameterAveragingTrainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The scripts, the shaded jar, a real standalone master and two workers of one core: the three
 * jobs, one after the other.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandaloneClusterIT {
  @TempDir static Path folder;
  private static Scripts scripts;
  private static Path settings;
  private static Cluster cluster;

  @BeforeAll
  static void startCluster() throws Exception {
    scripts = new Scripts(folder);
    cluster = new Cluster(scripts, folder, 2);
    settings = cluster.settings();
  }

  @AfterAll
  static void stopCluster() throws Exception {
    cluster.stop();
  }

  private static String[] trainOptions(Path run, int seed) {
    return new String[] {
      "--spark",
      settings.toString(),
      "--config",
      "conf/train/demo.yaml",
      "--set",
      "dataset=" + folder.resolve("shapes"),
      "--set",
      "training.epochs=3",
      "--set",
      "seed=" + seed,
      "--run",
      run.toString()
    };
  }

  @Test
  @Order(1)
  void partitionWritesTheDataSet() throws Exception {
    scripts.run(
        "draw.sh",
        "--set",
        "output=" + folder.resolve("pictures"),
        "--set",
        "train-per-class=60",
        "--set",
        "test-per-class=20");
    String output =
        scripts.run(
            "partition.sh",
            "--spark",
            settings.toString(),
            "--config",
            "conf/partition/demo.yaml",
            "--set",
            "source.path=" + folder.resolve("pictures"),
            "--set",
            "output=" + folder.resolve("shapes"),
            "--set",
            "shard-examples=100");
    assertThat(output).contains("10 classes, 0 rejected");
  }

  @Test
  @Order(2)
  void trainingPrintsItsMemoryPlanFirst() throws Exception {
    String output = scripts.run("train.sh", trainOptions(folder.resolve("one"), 1));
    assertThat(output.indexOf("Memory needed: driver heap"))
        .isBetween(0, output.indexOf("epoch 1 of 3"));
    assertThat(output).contains("(spark.executor.memoryOverhead)");
    assertThat(output).as("nothing is under way when it ends").doesNotContain("Exception");
  }

  @Test
  @Order(3)
  void aDriverThatIsKilledIsResumedToTheSameState() throws Exception {
    Path run = folder.resolve("killed");
    Process driver = scripts.start("train.sh", trainOptions(run, 1));
    Path progress = run.resolve("checkpoints/epoch-00001/checkpoint.json");
    for (int i = 0; i < 12_000 && driver.isAlive() && !Files.exists(progress); i++) {
      Thread.sleep(10);
    }
    assertThat(progress).exists();
    driver.descendants().forEach(ProcessHandle::destroyForcibly);
    driver.destroyForcibly();
    assertThat(driver.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(run.resolve("result.json")).as("killed before its end").doesNotExist();
    scripts.run("train.sh", trainOptions(run, 1));
    assertThat(digest(run)).isEqualTo(digest(folder.resolve("one")));
  }

  private static String digest(Path run) {
    return Documents.read(Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
        .digest();
  }

  @Test
  @Order(4)
  void aClusterAndOneMachineTrainTheSameModel() throws Exception {
    Path run = folder.resolve("local");
    List<String> options = new ArrayList<>(List.of(trainOptions(run, 1)));
    scripts.run("train.sh", options.subList(2, options.size()).toArray(String[]::new));
    assertThat(digest(run)).isEqualTo(digest(folder.resolve("one")));
  }

  @Test
  @Order(5)
  void membersAreEvaluatedTogetherAndTheReportOpensInABrowser() throws Exception {
    Path run = folder.resolve("evaluation");
    scripts.run("train.sh", trainOptions(folder.resolve("two"), 2));
    String output =
        evaluated(run, "members=[%s, %s]".formatted(folder.resolve("one"), folder.resolve("two")));
    assertThat(output).contains("200 examples of split test").contains("ensemble-mean");
    Evaluation evaluation = Documents.read(Location.of(run + "/evaluation.json"), Evaluation.class);
    assertThat(evaluation.examples()).isEqualTo(200);
    assertThat(evaluation.members()).hasSize(2);
    assertThat(evaluation.ensembles()).hasSize(3);
    assertThat(Browser.shows(run.resolve("report.html"), folder))
        .contains("ensemble-mean")
        .contains("aria-label=\"Confusion matrix\"")
        .contains("Learning curves")
        .contains("Reliability")
        .doesNotContain("http://");
  }

  private static String evaluated(Path run, String... more) throws Exception {
    List<String> options =
        new ArrayList<>(List.of("--spark", settings.toString(), "--run", run.toString()));
    options.addAll(List.of("--set", "dataset=" + folder.resolve("shapes")));
    for (String setting : more) {
      options.addAll(List.of("--set", setting));
    }
    return scripts.run("evaluate.sh", options.toArray(String[]::new));
  }

  @Test
  @Order(8)
  void aDropIsLearnedOnTheClusterAndItsChampionEvaluated() throws Exception {
    Path drops = Files.createDirectories(folder.resolve("drops"));
    Path models = folder.resolve("models");
    List<String> options = new ArrayList<>(List.of("--spark", settings.toString()));
    options.addAll(
        RetrainIT.options(models, folder.resolve("shapes"), drops, "settings=[training.epochs=3]"));
    String[] retrain = options.toArray(String[]::new);
    scripts.run("retrain.sh", retrain);
    scripts.run(
        "draw.sh",
        "--set",
        "output=" + folder.resolve("arrived"),
        "--set",
        "train-per-class=60",
        "--set",
        "test-per-class=1",
        "--set",
        "seed=9");
    Files.move(folder.resolve("arrived/train"), drops.resolve("2026-11-02"));
    scripts.run("retrain.sh", retrain);
    Registry registry = new Registry(Location.of(models.toString()));
    assertThat(registry.versions()).containsExactly(1, 2);
    assertThat(registry.decision(2).comparison()).isPresent();
    String output =
        evaluated(folder.resolve("champion"), "members=[registry:champion]", "registry=" + models);
    assertThat(output)
        .contains("registry-" + registry.champion().orElseThrow())
        .contains("200 examples of split test");
  }

  /** The example of the library, its driver on this machine and its tasks on the workers. */
  @Test
  @Order(9)
  void sparkMlTrainsOnTheCluster() throws Exception {
    Path place = Files.createDirectories(folder.resolve("ml"));
    String jar = Path.of("target/convoy-0.1.0-SNAPSHOT-job.jar").toAbsolutePath().toString();
    LibraryIT.run(
        place,
        jar + java.io.File.pathSeparator + Path.of("target/spark-home/jars/*").toAbsolutePath(),
        List.of(
            "-Dspark.master=" + cluster.master(),
            "-Dspark.jars=" + jar,
            "-Dspark.driver.host=127.0.0.1",
            "-Dspark.driver.bindAddress=127.0.0.1",
            "-Dspark.executor.memory=1g"));
    assertThat(place.resolve("log")).content().contains("Memory needed: driver heap");
  }

  /** An authenticated, encrypted cluster, in the driver's own master and workers. */
  @Test
  @Order(7)
  void aSecuredClusterTrainsThroughSparksOwnConnections() throws Exception {
    Path secured = folder.resolve("secured.conf");
    Files.writeString(
        secured,
        """
        spark.master                   local-cluster[2,1,2048]
        spark.driver.memory            1g
        spark.executor.cores           1
        spark.executor.memory          1g
        spark.executor.memoryOverhead  1g
        spark.ui.enabled               false
        spark.authenticate             true
        spark.authenticate.secret      of-this-test
        spark.network.crypto.enabled   true
        spark.io.encryption.enabled    true
        """);
    Process refused = scripts.start("train.sh", securedOptions(folder.resolve("refused"), secured));
    assertThat(refused.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(refused.exitValue()).isEqualTo(3);
    assertThat(scripts.output())
        .contains(
            "error: Cannot train with training.transport=all-reduce where spark.authenticate");
    String[] through = {"--set", "training.transport=spark"};
    scripts.run("train.sh", securedOptions(folder.resolve("secured"), secured, through));
    Path open = folder.resolve("open");
    Jobs.succeed("train", securedOptions(open, settings, through));
    assertThat(digest(folder.resolve("secured"))).isEqualTo(digest(open));
  }

  private static String[] securedOptions(Path run, Path spark, String... more) {
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(
        List.of(
            "--spark",
            spark.toString(),
            "--config",
            "conf/train/demo.yaml",
            "--set",
            "dataset=" + folder.resolve("shapes"),
            "--set",
            "training.epochs=1",
            "--run",
            run.toString()));
    return options.toArray(String[]::new);
  }
}
