package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import convoy.registry.Registry;
import convoy.train.ParameterAveragingTrainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures, data set, run and evaluation on a real HDFS on the loopback address. */
class HdfsIT {
  @TempDir static Path folder;
  private static MiniDFSCluster hdfs;

  @BeforeAll
  static void startHdfs() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
    hdfs = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    hdfs.waitActive();
  }

  @AfterAll
  static void stopHdfs() {
    hdfs.shutdown(true);
  }

  @Test
  void everythingMayLieOnHdfs() {
    String root = "hdfs://127.0.0.1:%d/convoy".formatted(hdfs.getNameNodePort());
    Jobs.succeed(
        "draw",
        "--set",
        "output=" + root + "/pictures",
        "--set",
        "train-per-class=12",
        "--set",
        "test-per-class=4");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + root + "/pictures",
        "--set",
        "output=" + root + "/shapes");
    DatasetManifest manifest = DatasetManifest.read(Location.of(root + "/shapes"));
    assertThat(manifest.split("test").examples()).isEqualTo(40);
    Jobs.succeed(
        "train",
        "--config",
        "conf/train/demo.yaml",
        "--set",
        "dataset=" + root + "/shapes",
        "--set",
        "training.epochs=2",
        "--run",
        root + "/run");
    assertThat(
            Documents.read(
                    Location.of(root + "/run/result.json"), ParameterAveragingTrainer.Result.class)
                .last()
                .epoch())
        .isEqualTo(2);
    Jobs.succeed(
        "evaluate",
        "--set",
        "dataset=" + root + "/shapes",
        "--set",
        "members=[" + root + "/run]",
        "--run",
        root + "/evaluation");
    assertThat(Location.of(root + "/evaluation/report.html").exists()).isTrue();
  }

  /** The quota stands for a full disk. */
  @Test
  void aCheckpointThatHasNoRoomLeavesTheOneBefore() throws Exception {
    Path pictures = folder.resolve("full");
    Files.createDirectories(pictures);
    Path shapes = Jobs.shapes(pictures, 8, 4);
    String run = "hdfs://127.0.0.1:%d/full".formatted(hdfs.getNameNodePort());
    String[] train = {
      "--config", "conf/train/demo.yaml",
      "--set", "dataset=" + shapes,
      "--set", "training.epochs=4",
      "--set", "training.checkpoints-kept=9",
      "--run", run
    };
    var files = hdfs.getFileSystem();
    var folderOfRun = new org.apache.hadoop.fs.Path("/full");
    files.mkdirs(folderOfRun);
    // Three copies of the block that is being written, counted whole, and of what is there: two
    // checkpoints of 5.3 MB and models of as much, but no third checkpoint.
    long quota = 3 * (files.getDefaultBlockSize(folderOfRun) + 18_000_000);
    files.setQuota(folderOfRun, HdfsConstants.QUOTA_DONT_SET, quota);
    Jobs.Outcome full = Jobs.run("train", train);
    assertThat(full.code()).isEqualTo(3);
    assertThat(full.errors()).contains("error: Cannot write").contains("quota");
    Location checkpoints = Location.of(run + "/checkpoints");
    long whole =
        checkpoints.list().stream()
            .filter(entry -> entry.location().child("checkpoint.json").exists())
            .count();
    assertThat(whole).isEqualTo(2);
    files.setQuota(folderOfRun, HdfsConstants.QUOTA_DONT_SET, HdfsConstants.QUOTA_RESET);
    Jobs.succeed("train", train);
    String local = folder.resolve("roomy").toString();
    train[train.length - 1] = local;
    Jobs.succeed("train", train);
    assertThat(digest(run)).isEqualTo(digest(local));
  }

  private static String digest(String run) {
    return Documents.read(Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
        .digest();
  }

  /** A registry, its lease and its drops there, too. */
  @Test
  void retrainingMayLieOnHdfs() {
    String root = "hdfs://127.0.0.1:%d/retrained".formatted(hdfs.getNameNodePort());
    for (String seed : List.of("1", "2")) {
      Jobs.succeed(
          "draw",
          "--set",
          "output=" + root + "/drops/" + seed,
          "--set",
          "train-per-class=8",
          "--set",
          "test-per-class=4",
          "--set",
          "seed=" + seed);
    }
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + root + "/drops/1",
        "--set",
        "output=" + root + "/shapes");
    String[] retrain = {
      "--set", "registry=" + root + "/models",
      "--set", "dataset=" + root + "/shapes",
      "--set", "source.path=" + root + "/drops",
      "--set", "source.layout=imagenet-tars",
      "--set", "source.skip=['1']",
      "--set", "recipe=[conf/train/demo.yaml]",
      "--set", "settings=[training.epochs=1]"
    };
    Jobs.succeed("retrain", retrain);
    Registry registry = new Registry(Location.of(root + "/models"));
    assertThat(registry.champion()).contains(1);
    assertThat(registry.origin(1).drops()).hasSize(1);
    Jobs.succeed("retrain", retrain);
    assertThat(registry.versions()).containsExactly(1);
    Location file = Location.of(root + "/lease");
    assertThat(IntStream.range(0, 8).parallel().filter(i -> file.create("mine " + i)).count())
        .isEqualTo(1);
  }
}
