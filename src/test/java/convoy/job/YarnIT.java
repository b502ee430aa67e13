package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.train.ParameterAveragingTrainer;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scripts on Hadoop's own small YARN cluster: containers are processes of this machine. */
class YarnIT {
  @TempDir static Path folder;
  private static MiniYARNCluster yarn;

  @BeforeAll
  static void startYarn() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set("yarn.nodemanager.vmem-check-enabled", "false");
    // Temporary folders of a test may well lie on a disk that is nearly full.
    configuration.set(
        "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "99");
    configuration.set("yarn.minicluster.yarn.nodemanager.resource.memory-mb", "12288");
    configuration.set("yarn.nodemanager.hostname", "127.0.0.1");
    configuration.set("yarn.resourcemanager.hostname", "127.0.0.1");
    // The scheduler's own file is not in the jar.
    configuration.set("yarn.scheduler.capacity.root.queues", "default");
    configuration.set("yarn.scheduler.capacity.root.default.capacity", "100");
    configuration.set("yarn.scheduler.capacity.maximum-am-resource-percent", "0.5");
    yarn = new MiniYARNCluster("convoy", 1, 1, 1);
    yarn.init(configuration);
    yarn.start();
    assertThat(yarn.waitForNodeManagersToConnect(60_000)).isTrue();
    Path settings = Files.createDirectories(folder.resolve("hadoop"));
    try (OutputStream out = Files.newOutputStream(settings.resolve("yarn-site.xml"))) {
      yarn.getConfig().writeXml(out);
    }
  }

  @AfterAll
  static void stopYarn() {
    yarn.stop();
  }

  private static String[] options(Path run, String... more) {
    List<String> options =
        new ArrayList<>(List.of("--config", "conf/train/demo.yaml", "--run", run.toString()));
    for (String setting : List.of("dataset=" + folder.resolve("shapes"), "training.epochs=2")) {
      options.addAll(List.of("--set", setting));
    }
    options.addAll(Arrays.asList(more));
    return options.toArray(String[]::new);
  }

  private static String digest(Path run) {
    return Documents.read(Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
        .digest();
  }

  @Test
  void aTrainingOnYarnEndsInTheBitsOfALocalOne() throws Exception {
    Jobs.shapes(folder, 13, 5);
    Path local = folder.resolve("local");
    Jobs.succeed("train", options(local));
    Path settings = folder.resolve("yarn.conf");
    Files.copy(Path.of("conf/spark/yarn.conf"), settings);
    // Two executors and an application master have to fit on any machine that runs tests.
    Files.writeString(
        settings,
        """

        spark.executor.memory 1g
        spark.executor.memoryOverhead 2g
        spark.driver.host 127.0.0.1
        spark.yarn.jars local:%s/*
        """
            .formatted(Path.of("target/spark-home/jars").toAbsolutePath()),
        StandardOpenOption.APPEND);
    Path run = folder.resolve("yarn");
    String output =
        new Scripts(folder)
            .with("HADOOP_CONF_DIR", folder.resolve("hadoop").toString())
            .run("train.sh", options(run, "--spark", settings.toString()));
    assertThat(output).contains("spark.executor.memoryOverhead");
    assertThat(digest(run)).isEqualTo(digest(local));
  }
}
