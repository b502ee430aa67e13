package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.DatasetManifest;
import convoy.train.ParameterAveragingTrainer;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
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
}
