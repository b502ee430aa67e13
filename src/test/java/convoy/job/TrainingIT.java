package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Seeds;
import convoy.data.DatasetManifest;
import convoy.data.EpochPlan;
import convoy.data.ImageTransform;
import convoy.data.MinibatchReader;
import convoy.data.PictureStore;
import convoy.network.Dl4jNetwork;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.train.ParameterAveragingTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingIT {
  @TempDir static Path folder;
  private static Path shapes;

  @BeforeAll
  static void draw() {
    shapes = Jobs.shapes(folder, 13, 5);
  }

  private static String[] options(Path run, String... settings) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--config",
                "conf/train/demo.yaml",
                "--run",
                run.toString(),
                "--set",
                "dataset=" + shapes));
    for (String setting : settings) {
      options.addAll(List.of("--set", setting));
    }
    return options.toArray(String[]::new);
  }

  private static String digest(Path run) {
    Location file = Location.of(run.resolve("result.json").toString());
    return Documents.read(file, ParameterAveragingTrainer.Result.class).digest();
  }

  @Test
  void oneWorkerAveragingEveryMinibatchIsPlainSgdToTheBit() {
    Path run = folder.resolve("plain");
    Jobs.succeed(
        "train",
        options(
            run,
            "training.workers=1",
            "training.minibatches-per-round=1",
            "training.minibatch=17",
            "training.epochs=2",
            "training.schedule={type: constant, learning-rate: 0.01}",
            "network.dropout=0",
            "augmentation.crop=center",
            "augmentation.mirror=false"));
    assertThat(digest(run)).isEqualTo(plainSgd(2, 17, 0.01));
  }

  /** A loop that knows nothing of rounds, workers or averaging. */
  private static String plainSgd(int epochs, int minibatch, double rate) {
    Location dataset = Location.of(shapes.toString());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    var shards = manifest.split("train").shards();
    PictureStore store = PictureStore.open(dataset, shards, 0);
    var inputs =
        new MinibatchReader.Inputs(
            new ImageTransform(32, 32, 1, manifest.mean(), manifest.standardDeviation()),
            Optional.empty(),
            0);
    NetworkSpec spec = NetworkSpec.of("lenet", List.of(3, 32, 32), 10).withSeed(1);
    try (Network network = new Dl4jNetwork(spec)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        EpochPlan plan =
            EpochPlan.of(
                shards.stream().mapToInt(DatasetManifest.Shard::examples).toArray(),
                new EpochPlan.Layout(1, minibatch, 1000),
                Seeds.mix(1, 0),
                epoch);
        for (int[] examples : plan.slice(0, 0)) {
          network.fit(
              MinibatchReader.read(store, inputs, examples), new Network.Step(rate, 0.9, 5e-4));
        }
      }
      return network.state().digest();
    }
  }

  @Test
  void aRunThatWasInterruptedEndsInTheSameState() throws IOException {
    String[] settings = {
      "training.epochs=3",
      "training.workers=2",
      "training.minibatch=7",
      "training.minibatches-per-round=2",
      "training.schedule={type: plateau, learning-rate: 0.01, factor: 0.5, patience: 1, smallest: 0.0001}"
    };
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    Jobs.succeed("train", options(whole, settings));
    Jobs.succeed("train", options(stopped, settings));
    String first = digest(stopped);
    // As if it had been stopped within the third epoch: what that epoch left is gone.
    Files.delete(stopped.resolve("result.json"));
    delete(stopped.resolve("checkpoints/epoch-00003/checkpoint.json"));
    Jobs.succeed("train", options(stopped, settings));
    assertThat(digest(stopped)).isEqualTo(first).isEqualTo(digest(whole));
    assertThat(Files.readAllLines(stopped.resolve("progress.jsonl"))).hasSize(3);
  }

  private static void delete(Path file) throws IOException {
    assertThat(file).exists();
    Files.delete(file);
  }

  @Test
  void anyNumberOfWorkersMinibatchesAndExamplesTrains() throws IOException {
    for (int[] odd : new int[][] {{3, 5, 4}, {7, 1, 100}, {2, 1000, 1}}) {
      Path run = folder.resolve("odd-" + odd[0]);
      Jobs.succeed(
          "train",
          options(
              run,
              "training.epochs=1",
              "training.workers=" + odd[0],
              "training.minibatch=" + odd[1],
              "training.minibatches-per-round=" + odd[2],
              "training.momentum-between-rounds=reset"));
      assertThat(Files.readString(run.resolve("progress.jsonl")))
          .contains(
              "\"images\":"
                  + DatasetManifest.read(Location.of(shapes.toString())).split("train").examples());
    }
  }

  @Test
  void aResumedRunRefusesAnotherConfiguration() {
    Path run = folder.resolve("once");
    Jobs.succeed("train", options(run, "training.epochs=1"));
    Jobs.Outcome outcome = Jobs.run("train", options(run, "training.epochs=2"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .startsWith("error: Cannot resume " + run)
        .contains("there 'epochs: 1', here 'epochs: 2'");
  }

  @Test
  void aDivergingRunStopsAndSaysWhere() {
    Path run = folder.resolve("diverging");
    Jobs.Outcome outcome =
        Jobs.run("train", options(run, "training.schedule={type: constant, learning-rate: 1e30}"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .contains("error: Cannot go on training")
        .contains("Lower the learning rate.");
  }
}
