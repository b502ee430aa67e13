package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureEncoder;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.evaluate.Evaluation;
import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import convoy.network.TrainedModel;
import convoy.train.ParameterAveragingTrainer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
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
    BufferedImage sheet = ImageIO.read(stopped.resolve("augmentation.png").toFile());
    // Six pictures of 96 pixels in ten epochs, with gaps of 4.
    assertThat(sheet.getWidth()).isEqualTo(10 * 100 + 4);
    assertThat(sheet.getHeight()).isEqualTo(6 * 100 + 4);
    String first = digest(stopped);
    // As if it had been stopped within the third epoch: what that epoch left is gone.
    Files.delete(stopped.resolve("result.json"));
    delete(stopped.resolve("checkpoints/epoch-00003/checkpoint.json"));
    Jobs.succeed("train", options(stopped, settings));
    assertThat(digest(stopped)).isEqualTo(first).isEqualTo(digest(whole));
    assertThat(Files.readAllLines(stopped.resolve("progress.jsonl"))).hasSize(3);
  }

  @Test
  void aRunGoesOnWithinAnEpochAndPastADamagedCheckpoint() throws IOException {
    for (List<String> rules :
        List.of(
            List.of("momentum-between-rounds=average"),
            List.of("optimizer=adam-w", "nesterov=false"),
            List.of("optimizer=adam-w", "nesterov=false", "momentum-between-rounds=keep-local"),
            List.of("momentum-between-rounds=reset", "moving-average=0.9"),
            List.of("momentum-between-rounds=keep-local", "recalibration-minibatches=3"),
            List.of(
                "outer-step={type: slow-mo, momentum: 0.5, rate: 1}",
                "moving-average=0.9",
                "recalibration-minibatches=3"),
            List.of(
                "momentum-between-rounds=keep-local",
                "payload=bfloat16",
                "outer-step={type: nesterov, momentum: 0.5, rate: 0.7}"))) {
      List<String> all =
          new ArrayList<>(
              List.of(
                  "network.architecture=resnet20",
                  "augmentation.mixup=0.2",
                  "augmentation.cutmix=1",
                  "augmentation.lighting=0.1",
                  "augmentation.rotation=10",
                  "augmentation.erasing=0.3",
                  "augmentation.color-jitter={brightness: 0.2, contrast: 0.2, saturation: 0.2}",
                  "training.nesterov=true",
                  "training.gradient-clip=1",
                  "training.label-smoothing=0.1",
                  "training.class-weights=balanced",
                  "training.epochs=2",
                  "training.minibatch=4",
                  "training.minibatches-per-round=2",
                  "training.checkpoint-rounds=3",
                  "training.checkpoints-kept=100"));
      rules.forEach(rule -> all.add("training." + rule));
      String[] settings = all.toArray(String[]::new);
      Path run = Files.createTempDirectory(folder, "within");
      Files.delete(run);
      Jobs.succeed("train", options(run, settings));
      String whole = digest(run);
      byte[] model = Files.readAllBytes(run.resolve("models/last/model.safetensors"));
      Path checkpoints = run.resolve("checkpoints");
      Files.delete(run.resolve("result.json"));
      delete(checkpoints.resolve("epoch-00002/checkpoint.json"));
      Path newest = checkpoints.resolve("epoch-00001-round-000006");
      assertThat(newest).exists();
      Files.list(checkpoints)
          .filter(
              place ->
                  place.getFileName().toString().compareTo(newest.getFileName().toString()) > 0)
          .map(place -> place.resolve("checkpoint.json"))
          .filter(Files::exists)
          .forEach(file -> file.toFile().delete());
      byte[] parameters = Files.readAllBytes(newest.resolve("parameters.bin"));
      parameters[1000] ^= 1;
      Files.write(newest.resolve("parameters.bin"), parameters);
      Jobs.succeed("train", options(run, settings));
      assertThat(digest(run)).as("%s", rules).isEqualTo(whole);
      assertThat(run.resolve("models/last/model.safetensors")).hasBinaryContent(model);
    }
  }

  @Test
  void aRunThatStoppedEarlyGoesOnForFurtherEpochs() throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "training.epochs=6",
                "training.early-stopping-epochs=2",
                // Too small for anything to change.
                "training.schedule={type: constant, learning-rate: 1e-9}"));
    Path run = folder.resolve("early");
    Jobs.succeed("train", options(run, settings.toArray(String[]::new)));
    assertThat(Files.readAllLines(run.resolve("progress.jsonl"))).hasSize(3);
    String first = digest(run);
    settings.add("training.further-epochs=2");
    settings.add("training.further-learning-rate=0.01");
    Jobs.succeed("train", options(run, settings.toArray(String[]::new)));
    assertThat(Files.readAllLines(run.resolve("progress.jsonl"))).hasSize(5);
    assertThat(Files.readString(run.resolve("config.yaml"))).contains("further-epochs: 2");
    assertThat(Files.readString(run.resolve("progress.jsonl")).lines().toList().get(4))
        .contains("\"learning-rate\":0.01");
    assertThat(digest(run)).isNotEqualTo(first);
    settings.remove("training.early-stopping-epochs=2");
    assertThat(Jobs.run("train", options(run, settings.toArray(String[]::new))).errors())
        .contains("its configuration differs from this one");
  }

  @Test
  void aRunGoesOnOnAnotherEngineAndIsEvaluatedByEither() throws IOException {
    Path run = folder.resolve("engines");
    Jobs.succeed("train", options(run, "training.epochs=2", "network.engine=dl4j"));
    assertEvaluatesAsItWasValidated(run);
    delete(run.resolve("checkpoints/epoch-00002/checkpoint.json"));
    Jobs.succeed("train", options(run, "training.epochs=2", "network.engine=torch"));
    assertThat(Files.readAllLines(run.resolve("progress.jsonl"))).hasSize(2);
    assertEvaluatesAsItWasValidated(run);
  }

  @Test
  void whatCannotBeHadIsRefusedInOneLine() {
    Jobs.Outcome lacking =
        Jobs.run(
            "train",
            options(
                folder.resolve("lacking"), "network.architecture=resnet20", "network.engine=dl4j"));
    assertThat(lacking.code()).isEqualTo(3);
    assertThat(lacking.errors())
        .isEqualTo(
            "error: Cannot run resnet20 on engine dl4j: at layer stage2-block1-shortcut, Deeplearning4j has no shortcut that pads channels. Set network.engine=torch.");
    Jobs.Outcome withoutGpu =
        Jobs.run("train", options(folder.resolve("gpu"), "network.device=cuda"));
    assertThat(withoutGpu.code()).isEqualTo(3);
    assertThat(withoutGpu.errors()).startsWith("error: Cannot use GPU 0: ").hasLineCount(1);
    Jobs.succeed(
        "train", options(folder.resolve("auto"), "network.device=auto", "training.epochs=1"));
  }

  private static void delete(Path file) throws IOException {
    assertThat(file).exists();
    Files.delete(file);
  }

  @Test
  void anyNumberOfWorkersMinibatchesAndExamplesTrains() throws IOException {
    // 118 is all examples: a worker takes its half at once.
    for (int[] odd : new int[][] {{1, 3, 100}, {2, 5, 4}, {2, 118, 1}, {3, 5, 4}, {7, 1, 100}}) {
      Path run = folder.resolve("odd-%d-%d".formatted(odd[0], odd[1]));
      Jobs.succeed(
          "train",
          options(
              run,
              "training.epochs=1",
              "training.workers=" + odd[0],
              "training.minibatch=" + odd[1],
              "training.minibatches-per-round=" + odd[2],
              // More workers than slots wait for each other.
              "training.transport=" + (odd[0] > 2 ? "spark" : "all-reduce"),
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
  void moreWorkersThanSlotsAreRefusedWithBothNumbers() {
    Jobs.Outcome outcome =
        Jobs.run("train", options(folder.resolve("crowd"), "training.workers=3"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .startsWith(
            "error: Cannot train 3 workers at the same time on 2 slots (cores of the cluster).");
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

  @Test
  void headsAreTrainedAndThenDropped() throws IOException {
    String[] googlenet = {
      "network.architecture=googlenet", "network.dropout=0.4", "training.epochs=1"
    };
    Path run = folder.resolve("googlenet");
    Jobs.succeed("train", options(run, googlenet));
    NetworkSpec trained = TrainedModel.describe(Location.of(run + "/models/best")).network();
    assertThat(trained.phase()).isEqualTo(NetworkSpec.Phase.INFERENCE);
    long model = TrainedModel.read(Location.of(run + "/models/best")).parameters().length;
    long checkpoint = Files.size(run.resolve("checkpoints/epoch-00001/parameters.bin"));
    assertThat(model).isEqualTo(4 * Architectures.blueprint(trained).parameters());
    // Two heads of a 1x1 convolution, 1024 neurons on a map of one place, and ten classes.
    long heads = (512 + 528 + 2) * 128L + 2 * (129 * 1024L + 1025 * 10);
    assertThat(checkpoint - model).isEqualTo(4 * heads);
    // What is left answers as it did when it was validated with its heads.
    assertEvaluatesAsItWasValidated(run);
    // And it is a beginning for training with new heads.
    Path again = folder.resolve("googlenet-again");
    Jobs.succeed("train", options(again, with(googlenet, "network.weights=" + run)));
  }

  private static void assertEvaluatesAsItWasValidated(Path run) {
    Path evaluation = run.resolveSibling(run.getFileName() + "-evaluation");
    Jobs.succeed(
        "evaluate",
        "--set",
        "dataset=" + shapes,
        "--set",
        "split=validation",
        "--set",
        "members=[%s]".formatted(run),
        "--run",
        evaluation.toString());
    Evaluation scores =
        Documents.read(Location.of(evaluation + "/evaluation.json"), Evaluation.class);
    assertThat(scores.members().get(0).top1Error())
        .isEqualTo(TrainedModel.describe(Location.of(run + "/models/best")).validationTop1Error());
  }

  private static String[] with(String[] settings, String more) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add(more);
    return all.toArray(String[]::new);
  }

  @Test
  void aListedNetworkOfEveryKindOfLayerIsTrainedStoredAndRestored() throws IOException {
    Path run = folder.resolve("listed");
    Jobs.succeed(
        "train",
        options(
            run,
            "network.architecture=sequential",
            "network.layers=[%s]"
                .formatted(
                    String.join(
                        ", ",
                        "{type: convolution, filters: 6, size: 3, stride: 2, padding: 1, biased: false}",
                        "{type: batch-normalization}",
                        "{type: relu}",
                        "{type: tiled-convolution, filters: 4, size: 3, period: 2, padding: 1}",
                        "{type: relu}",
                        "{type: depthwise-convolution, multiplier: 2, size: 3, padding: 1}",
                        "{type: convolution, filters: 4, size: 3, padding: 2, dilation: 2, groups: 2}",
                        "{type: transposed-convolution, filters: 3, size: 2, stride: 2}",
                        "{type: max-pooling, size: 4, stride: 4}",
                        "{type: unshared-convolution, filters: 3, size: 3}",
                        "{type: dense, neurons: 16}",
                        "{type: relu}")),
            "training.epochs=2"));
    assertEvaluatesAsItWasValidated(run);
    Path pictures = folder.resolve("listed-pictures");
    Path picture = folder.resolve("picture.png");
    Files.write(picture, PictureEncoder.png(aPicture()));
    Jobs.succeed(
        "describe",
        "--set",
        "model=" + run,
        "--set",
        "picture=" + picture,
        "--run",
        pictures.toString());
    assertThat(pictures.toFile().list())
        .contains("filters-convolution1.png", "input.png", "maps-relu1.png", "maps-relu2.png");
    BufferedImage maps = ImageIO.read(pictures.resolve("maps-relu1.png").toFile());
    assertThat(maps.getWidth()).isEqualTo(6 + 6 * (56 + 6));
    assertThat(colours(maps)).isGreaterThan(20);
  }

  private static Picture aPicture() {
    DatasetManifest manifest = DatasetManifest.read(Location.of(shapes.toString()));
    return new PictureShelf(
            Location.of(shapes.toString()), manifest, PictureShelf.Room.ofMebibytes(0))
        .store("train")
        .picture(0);
  }

  private static long colours(BufferedImage image) {
    return IntStream.range(0, image.getWidth() * image.getHeight())
        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
        .distinct()
        .count();
  }

  @Test
  void weightsOfAnotherListAreRefused() {
    Path run = folder.resolve("ordinary");
    String list =
        "network.layers=[{type: convolution, filters: 4, size: 3, padding: %d, dilation: %d}]";
    String[] ordinary = {
      "network.architecture=sequential", list.formatted(1, 1), "training.epochs=1"
    };
    Jobs.succeed("train", options(run, ordinary));
    String[] dilated = {
      "network.architecture=sequential", list.formatted(2, 2), "network.weights=" + run
    };
    Jobs.Outcome outcome = Jobs.run("train", options(folder.resolve("never"), dilated));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .contains("they are of a network with another input, stem or other layers");
  }

  @Test
  void aListThatNeedsMoreThanOneInputIsRefused() {
    Jobs.Outcome outcome =
        Jobs.run(
            "train",
            options(
                folder.resolve("never"),
                "network.architecture=sequential",
                "network.layers=[{type: sum}]"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors()).contains("Cannot put sum into a sequence");
  }
}
