package convoy.job;

import static convoy.network.Networks.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Seeds;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.Minibatch;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.DatasetManifest;
import convoy.network.Architectures;
import convoy.network.FirstState;
import convoy.network.LayerRates;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Networks;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.TrainedModel;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Parameter;
import convoy.train.ParameterAveragingTrainer;
import convoy.train.TrainingHistory;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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
  private static Path train(
      String transport, int workers, int minibatch, int perRound, String... more)
      throws IOException {
    Path run = Files.createTempDirectory(folder, transport).resolve("run");
    resume(run, transport, workers, minibatch, perRound, more);
    return run;
  }

  private static void resume(
      Path run, String transport, int workers, int minibatch, int perRound, String... more) {
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
    for (String setting : more) {
      options.addAll(List.of("--set", setting));
    }
    Jobs.succeed("train", options.toArray(String[]::new));
  }

  /**
   * A loop that knows nothing of rounds and averaging: a step is on all that the workers see at the
   * same time.
   */
  private static ModelState plainSgd(int workers, int minibatch) {
    return plain(workers, minibatch, new Optimizer.Sgd(0.9, false));
  }

  private static ModelState plain(int workers, int minibatch, Optimizer optimizer) {
    Location dataset = Location.of(shapes.toString());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    int[] shards =
        manifest.split("train").shards().stream()
            .mapToInt(DatasetManifest.Shard::examples)
            .toArray();
    PictureStore store =
        new PictureShelf(dataset, manifest, PictureShelf.Room.ofMebibytes(0)).store("train");
    var inputs =
        MinibatchReader.Inputs.plain(
            new ImageTransform(32, 32, 1, manifest.mean(), manifest.standardDeviation()));
    NetworkSpec spec = NetworkSpec.of("lenet", List.of(3, 32, 32), 10).withSeed(1);
    Network.Step common =
        new Network.Step(RATE, optimizer, 5e-4, 0, LayerRates.ALL, Network.Loss.PLAIN);
    try (Network network = Networks.torch(spec)) {
      network.remember(optimizer);
      for (int epoch = 0; epoch < 2; epoch++) {
        EpochPlan plan =
            EpochPlan.of(
                shards, new EpochPlan.Layout(workers, minibatch, 1, 0), Seeds.mix(1, 0), epoch);
        for (int round = 0; round < plan.rounds(); round++) {
          int step = round;
          int[] examples =
              IntStream.range(0, workers)
                  .flatMap(worker -> plan.slice(step, worker).stream().flatMapToInt(Arrays::stream))
                  .toArray();
          network.fit(MinibatchReader.read(store, inputs, examples), common);
        }
      }
      return network.state();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all-reduce", "spark"})
  void oneWorkerIsPlainSgdToTheBitHoweverLongItsRounds(String transport) throws IOException {
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

  /** The workers' parts are unequal, and count by their examples. */
  @ParameterizedTest
  @ValueSource(strings = {"all-reduce", "spark"})
  void workersWhoAverageEveryStepAreOneMachineWithAllTheirExamples(String transport)
      throws IOException {
    Path run = train(transport, 2, 5, 1);
    Path checkpoint = run.resolve("checkpoints/epoch-00002");
    ModelState plain = plainSgd(2, 5);
    assertThat(
            distance(Files.readAllBytes(checkpoint.resolve("parameters.bin")), plain.parameters()))
        .isLessThan(1e-5);
    assertThat(distance(Files.readAllBytes(checkpoint.resolve("momentum.bin")), plain.momentum()))
        .isLessThan(1e-5);
  }

  /** What it remembers is as long as it says, and two workers' counts of steps are averaged. */
  @ParameterizedTest
  @ValueSource(strings = {"all-reduce", "spark"})
  void adamWIsTheSameAlone(String transport) throws IOException {
    Optimizer adamW = new Optimizer.AdamW(0.9, 0.999);
    String[] settings = {"training.optimizer=adam-w", "training.weight-decay=5e-4"};
    Path alone = train(transport, 1, 17, 3, settings);
    assertThat(
            Documents.read(
                    Location.of(alone + "/result.json"), ParameterAveragingTrainer.Result.class)
                .digest())
        .isEqualTo(plain(1, 17, adamW).digest());
    Path checkpoint = alone.resolve("checkpoints/epoch-00002");
    byte[] momentum = Files.readAllBytes(checkpoint.resolve("momentum.bin"));
    assertThat(momentum)
        .hasSize(2 * Files.readAllBytes(checkpoint.resolve("parameters.bin")).length + 4);
    Path together = train(transport, 2, 5, 1, settings);
    ModelState plain = plain(2, 5, adamW);
    byte[] averaged = Files.readAllBytes(together.resolve("checkpoints/epoch-00002/momentum.bin"));
    float steps = ModelState.floats(plain.momentum()).get(plain.momentum().length / 4 - 1);
    assertThat(ModelState.floats(averaged).get(averaged.length / 4 - 1))
        .isCloseTo(steps, within(1e-3f));
  }

  /** Spark sums in double precision, on the driver's side of the wire; Gloo in a ring. */
  @Test
  void adamWsMeansAreAveragedAlikeByBothTransports() throws IOException {
    byte[][] parameters = new byte[2][];
    byte[][] momentum = new byte[2][];
    for (int i = 0; i < 2; i++) {
      Path run =
          train(
              i == 0 ? "all-reduce" : "spark",
              2,
              5,
              4,
              "training.optimizer=adam-w",
              "training.epochs=1");
      Path checkpoint = run.resolve("checkpoints/epoch-00001");
      parameters[i] = Files.readAllBytes(checkpoint.resolve("parameters.bin"));
      momentum[i] = Files.readAllBytes(checkpoint.resolve("momentum.bin"));
    }
    assertThat(distance(parameters[0], parameters[1])).isLessThan(1e-4);
    assertThat(distance(momentum[0], momentum[1])).isLessThan(1e-4);
    double most = 0;
    FloatBuffer squares = ModelState.floats(momentum[0]);
    for (int i = parameters[0].length / 4; i < squares.limit() - 1; i++) {
      most = Math.max(most, squares.get(i));
    }
    assertThat(most).isPositive();
  }

  /** Parts and minibatches are all of 59 examples: dl4j-spark weighs none, and cuts its own. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void dl4jSparksRoundsComeToTheSameWherePartsAreEqual(int workers) throws IOException {
    byte[][] parameters = new byte[2][];
    byte[][] momentum = new byte[2][];
    double[] losses = new double[2];
    String[] averagings = {"convoy", "dl4j-spark"};
    for (int i = 0; i < 2; i++) {
      Path run = train("spark", workers, 59, 2, dl4j("training.averaging=" + averagings[i]));
      Path checkpoint = run.resolve("checkpoints/epoch-00004");
      parameters[i] = Files.readAllBytes(checkpoint.resolve("parameters.bin"));
      momentum[i] = Files.readAllBytes(checkpoint.resolve("momentum.bin"));
      losses[i] =
          Documents.read(Location.of(run + "/result.json"), ParameterAveragingTrainer.Result.class)
              .last()
              .trainingLoss();
    }
    assertThat(distance(parameters[0], parameters[1])).isLessThan(1e-5);
    assertThat(distance(momentum[0], momentum[1])).isLessThan(1e-5);
    assertThat(losses[1]).isCloseTo(losses[0], within(1e-4));
  }

  private static String[] dl4j(String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "network.engine=dl4j",
                "training.nesterov=true",
                "training.label-smoothing=0.1",
                "training.epochs=4",
                "training.schedule={type: cosine, learning-rate: 0.01}"));
    settings.addAll(List.of(more));
    return settings.toArray(String[]::new);
  }

  /**
   * In rounds of unequal parts and a smaller last minibatch, with momentum that is not averaged.
   */
  @Test
  void dl4jSparksRoundsGoOnWhereTheyWereStopped() throws IOException {
    String[] whole =
        dl4j(
            "training.averaging=dl4j-spark",
            "training.epochs=1",
            "training.schedule={type: constant, learning-rate: 0.01}",
            "training.momentum-between-rounds=reset",
            "training.further-epochs=1");
    String[] begun = whole.clone();
    begun[begun.length - 1] = "training.further-epochs=0";
    Path straight = train("spark", 2, 17, 2, whole);
    Path stopped = train("spark", 2, 17, 2, begun);
    resume(stopped, "spark", 2, 17, 2, whole);
    assertThat(parameters(stopped)).isEqualTo(parameters(straight));
  }

  private static byte[] parameters(Path run) throws IOException {
    return parameters(run, 2);
  }

  /**
   * Of a round an epoch. After the first one no step has been taken that could tell the smallest
   * difference apart, as a maximum of two equal values does; momentum comes with the second.
   */
  @Test
  void outerStepsWithoutMomentumAreTheMeanAndOnlyThen() throws IOException {
    Path mean = train("all-reduce", 2, 5, 1000);
    for (String type : List.of("slow-mo", "nesterov")) {
      String step = "training.outer-step={type: %s, momentum: %s, rate: 1}";
      Path without = train("all-reduce", 2, 5, 1000, step.formatted(type, 0));
      Path with = train("all-reduce", 2, 5, 1000, step.formatted(type, 0.5));
      assertThat(distance(parameters(without, 1), parameters(mean, 1))).isLessThan(1e-6);
      double theirs = distance(parameters(with), parameters(mean));
      assertThat(theirs).isGreaterThan(1e-2);
      assertThat(distance(parameters(without), parameters(mean))).isLessThan(theirs / 4);
    }
  }

  /** Of one round: the steps of the next ones would tell the smallest difference apart. */
  @Test
  void aRoundedDifferenceIsTheExactOneInEightBits() throws IOException {
    String own = "training.momentum-between-rounds=keep-local";
    String once = "training.epochs=1";
    byte[] exact = parameters(train("all-reduce", 2, 5, 1000, own, once), 1);
    byte[] rounded =
        parameters(train("all-reduce", 2, 5, 1000, own, once, "training.payload=bfloat16"), 1);
    byte[] start =
        FirstState.of(NetworkSpec.of("lenet", List.of(3, 32, 32), 10).withSeed(1)).parameters();
    assertThat(distance(rounded, exact)).isBetween(1e-9, distance(start, exact) / 128);
  }

  /** Of the first normalization, whose inputs do not depend on any other. */
  @Test
  void recalibratedStatisticsAreThoseOfTheWorkersExamplesTogether() throws IOException {
    Path run =
        train(
            "all-reduce",
            2,
            7,
            2,
            "network.architecture=resnet20",
            "training.recalibration-minibatches=1000");
    NetworkSpec spec = NetworkSpec.of("resnet20", List.of(3, 32, 32), 10).withSeed(1);
    StateLayout layout = StateLayout.of(spec);
    List<StateLayout.Block> statistics =
        layout.blocks().stream()
            .filter(block -> block.role() == Parameter.Role.STATISTIC)
            .limit(2)
            .toList();
    byte[] parameters = parameters(run);
    FloatBuffer values = ModelState.floats(parameters);
    double[][] pooled = inputsOf(statistics.get(0).node(), spec, parameters);
    for (int c = 0; c < pooled.length; c++) {
      double mean = Arrays.stream(pooled[c]).average().orElseThrow();
      double variance =
          Arrays.stream(pooled[c]).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      assertThat((double) values.get(statistics.get(0).from() + c))
          .isCloseTo(mean, within(1e-4 * Math.sqrt(variance)));
      assertThat((double) values.get(statistics.get(1).from() + c))
          .isCloseTo(variance, within(1e-4 * variance));
    }
  }

  /** What comes to a layer of all training examples, a row a channel. */
  private static double[][] inputsOf(String node, NetworkSpec spec, byte[] parameters) {
    Location dataset = Location.of(shapes.toString());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    int examples = manifest.split("train").examples();
    Minibatch all =
        MinibatchReader.read(
            new PictureShelf(dataset, manifest, PictureShelf.Room.ofMebibytes(0)).store("train"),
            MinibatchReader.Inputs.plain(
                new ImageTransform(32, 32, 1, manifest.mean(), manifest.standardDeviation())),
            IntStream.range(0, examples).toArray());
    Blueprint blueprint = Architectures.blueprint(spec);
    String before =
        blueprint.nodes().stream()
            .filter(other -> other.name().equals(node))
            .map(other -> other.inputs().get(0))
            .findFirst()
            .orElseThrow();
    try (Network network = Networks.torch(spec)) {
      network.restore(ModelState.atRest(parameters));
      float[] maps = network.activations(all.inputs(), examples, Set.of(before)).get(before);
      int channels = 16;
      int places = maps.length / examples / channels;
      double[][] rows = new double[channels][examples * places];
      for (int i = 0; i < maps.length; i++) {
        int example = i / places / channels;
        rows[i / places % channels][example * places + i % places] = maps[i];
      }
      return rows;
    }
  }

  /** Statistics are measured, not moved: an outer step leaves them at the mean, on both engines. */
  @ParameterizedTest
  @ValueSource(strings = {"torch", "dl4j"})
  void outerStepsLeaveStatisticsAtTheMean(String engine) throws IOException {
    String[] settings = {
      "network.engine=" + engine,
      "network.architecture=sequential",
      "network.layers=[{type: convolution, filters: 4, size: 3}, {type: batch-normalization}, {type: relu}, {type: global-average-pooling}]",
      "training.epochs=1"
    };
    String[] withStep = Arrays.copyOf(settings, settings.length + 1);
    withStep[settings.length] = "training.outer-step={type: nesterov, momentum: 0.5, rate: 1}";
    byte[] mean = parameters(train("all-reduce", 2, 8, 1000, settings), 1);
    Path stepped = train("all-reduce", 2, 8, 1000, withStep);
    byte[] outer = Files.readAllBytes(stepped.resolve("checkpoints/epoch-00001/outer.bin"));
    NetworkSpec spec =
        TrainedModel.describe(Location.of(stepped + "/models/last"))
            .network()
            .in(NetworkSpec.Phase.TRAINING);
    for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
      double difference = 0;
      double moved = 0;
      for (int i = block.from(); i < block.from() + block.length(); i++) {
        float there = ModelState.floats(parameters(stepped, 1)).get(i);
        difference = Math.max(difference, Math.abs(there - ModelState.floats(mean).get(i)));
        moved = Math.max(moved, Math.abs(ModelState.floats(outer).get(i)));
      }
      if (block.role() == Parameter.Role.STATISTIC) {
        assertThat(difference).as(block.name()).isZero();
        assertThat(moved).as(block.name()).isZero();
      } else {
        assertThat(moved).as(block.name()).isGreaterThan(0);
      }
    }
  }

  /** Against the states that checkpoints of every round keep. */
  @Test
  void theModelIsTheMovingAverageOfTheStates() throws IOException {
    Path run =
        train(
            "all-reduce",
            2,
            5,
            4,
            "training.moving-average=0.3",
            "training.checkpoint-rounds=1",
            "training.checkpoints-kept=100",
            "training.epochs=1");
    NetworkSpec spec = NetworkSpec.of("lenet", List.of(3, 32, 32), 10).withSeed(1);
    FloatBuffer start = ModelState.floats(FirstState.of(spec).parameters());
    double[] average = new double[start.limit()];
    for (int i = 0; i < average.length; i++) {
      average[i] = start.get(i);
    }
    List<Path> places;
    try (Stream<Path> found = Files.list(run.resolve("checkpoints"))) {
      // epoch-00000-round-000001 and so on, then epoch-00001
      places = found.filter(Files::isDirectory).sorted().toList();
    }
    assertThat(places).hasSizeGreaterThan(2);
    for (int round = 0; round < places.size(); round++) {
      FloatBuffer state =
          ModelState.floats(Files.readAllBytes(places.get(round).resolve("parameters.bin")));
      double decay = Math.min(0.3, (1.0 + round) / (10.0 + round));
      for (int i = 0; i < average.length; i++) {
        average[i] = decay * average[i] + (1 - decay) * state.get(i);
      }
    }
    FloatBuffer model =
        ModelState.floats(Files.readAllBytes(places.get(places.size() - 1).resolve("average.bin")));
    double most = 0;
    for (int i = 0; i < average.length; i++) {
      most = Math.max(most, Math.abs(average[i] - model.get(i)));
    }
    assertThat(most).isLessThan(1e-6);
  }

  /** A box that is over at once leaves a step of each worker, which come together. */
  @Test
  void workersWhoseTimeIsOverCountByWhatTheyDid() throws IOException {
    Path run =
        train(
            "all-reduce",
            2,
            5,
            1000,
            "training.rounds={type: time-boxed, seconds: 0.001}",
            "training.epochs=1");
    TrainingHistory.Epoch epoch =
        Documents.fromJson(
            "progress",
            Files.readString(run.resolve("progress.jsonl")),
            TrainingHistory.Epoch.class);
    assertThat(epoch.rounds()).isEqualTo(1);
    assertThat(epoch.images()).isBetween(8L, 128L);
    // A ring of parameters, one of momentum, and both from the first worker at the beginning.
    assertThat(epoch.sentBytes()).isEqualTo((2.0 + 2 + 1 + 1) * parameters(run, 1).length);
  }

  private static byte[] parameters(Path run, int epoch) throws IOException {
    return Files.readAllBytes(
        run.resolve("checkpoints/epoch-%05d/parameters.bin".formatted(epoch)));
  }
}
