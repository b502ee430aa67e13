package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Seeds;
import convoy.data.DatasetManifest;
import convoy.data.EpochPlan;
import convoy.data.ImageTransform;
import convoy.data.MinibatchReader;
import convoy.data.PictureShelf;
import convoy.data.PictureStore;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Networks;
import convoy.train.ParameterAveragingTrainer;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What rounds come to, however workers are brought together. */
class RoundLawsIT {
  private static final double RATE = 0.01;
  @TempDir static Path folder;
  private static Path shapes;

  @BeforeAll
  static void draw() {
    shapes = Jobs.shapes(folder, 13, 5);
  }

  /** Trains LeNet with nothing random; the run's folder. */
  private static Path train(String transport, int workers, int minibatch, int perRound) {
    Path run = folder.resolve("%s-%d-%d-%d".formatted(transport, workers, minibatch, perRound));
    List<String> options =
        new ArrayList<>(List.of("--config", "conf/train/demo.yaml", "--run", run.toString()));
    for (String setting :
        List.of(
            "dataset=" + shapes,
            "training.transport=" + transport,
            "training.workers=" + workers,
            "training.minibatch=" + minibatch,
            "training.minibatches-per-round=" + perRound,
            "training.epochs=2",
            "training.schedule={type: constant, learning-rate: %s}".formatted(RATE),
            "network.dropout=0",
            "augmentation.crop=center",
            "augmentation.mirror=false")) {
      options.addAll(List.of("--set", setting));
    }
    Jobs.succeed("train", options.toArray(String[]::new));
    return run;
  }

  /**
   * A loop that knows nothing of rounds and averaging: a step is on all that the workers see at the
   * same time.
   */
  private static ModelState plainSgd(int workers, int minibatch) {
    Location dataset = Location.of(shapes.toString());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    int[] shards =
        manifest.split("train").shards().stream()
            .mapToInt(DatasetManifest.Shard::examples)
            .toArray();
    PictureStore store = new PictureShelf(dataset, manifest, 0).store("train");
    var inputs =
        new MinibatchReader.Inputs(
            new ImageTransform(32, 32, 1, manifest.mean(), manifest.standardDeviation()),
            Optional.empty(),
            0);
    NetworkSpec spec = NetworkSpec.of("lenet", List.of(3, 32, 32), 10).withSeed(1);
    try (Network network = Networks.torch(spec)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        EpochPlan plan =
            EpochPlan.of(
                shards, new EpochPlan.Layout(workers, minibatch, 1), Seeds.mix(1, 0), epoch);
        for (int round = 0; round < plan.rounds(); round++) {
          int step = round;
          int[] examples =
              IntStream.range(0, workers)
                  .flatMap(worker -> plan.slice(step, worker).stream().flatMapToInt(Arrays::stream))
                  .toArray();
          network.fit(
              MinibatchReader.read(store, inputs, examples), new Network.Step(RATE, 0.9, 5e-4));
        }
      }
      return network.state();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all-reduce", "spark"})
  void oneWorkerIsPlainSgdToTheBitHoweverLongItsRounds(String transport) {
    String plain = plainSgd(1, 17).digest();
    for (int perRound : new int[] {1, 3, 1000}) {
      Path run = train(transport, 1, 17, perRound);
      assertThat(
              Documents.read(
                      Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
                  .digest())
          .as("%d minibatches a round", perRound)
          .isEqualTo(plain);
    }
  }

  /** 129 examples: the workers' parts are unequal, and count by their examples. */
  @ParameterizedTest
  @ValueSource(strings = {"all-reduce", "spark"})
  void workersWhoAverageEveryStepAreOneMachineWithAllTheirExamples(String transport)
      throws IOException {
    Path run = train(transport, 2, 5, 1);
    Path checkpoint = run.resolve("checkpoints/epoch-00002");
    ModelState plain = plainSgd(2, 5);
    assertClose(Files.readAllBytes(checkpoint.resolve("parameters.bin")), plain.parameters());
    assertClose(Files.readAllBytes(checkpoint.resolve("momentum.bin")), plain.momentum());
  }

  private static void assertClose(byte[] averaged, byte[] plain) {
    FloatBuffer one = ModelState.floats(averaged);
    FloatBuffer other = ModelState.floats(plain);
    double most = 0;
    for (int i = 0; i < other.limit(); i++) {
      most = Math.max(most, Math.abs(one.get(i) - other.get(i)));
    }
    assertThat(most).isLessThan(1e-5);
  }
}
