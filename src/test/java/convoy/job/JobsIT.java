package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.TestData;
import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.pictures.PictureEncoder;
import convoy.data.pictures.Pictures;
import convoy.data.shards.DatasetManifest;
import convoy.evaluate.Evaluation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jobs one after the other, and what each says to wrong input. */
class JobsIT {
  @TempDir static Path folder;
  private static Path shapes;
  private static Path run;

  @BeforeAll
  static void train() {
    shapes = Jobs.shapes(folder, 20, 7);
    run = folder.resolve("run");
    Jobs.succeed("train", trainOptions("--run", run.toString(), "--set", "training.epochs=2"));
  }

  private static String[] trainOptions(String... more) {
    List<String> options =
        new ArrayList<>(List.of("--config", "conf/train/demo.yaml", "--set", "dataset=" + shapes));
    options.addAll(List.of(more));
    return options.toArray(String[]::new);
  }

  private static void refused(Jobs.Outcome outcome, String message) {
    assertThat(outcome.errors()).startsWith("error: " + message);
    assertThat(outcome.errors().lines()).hasSize(1);
    assertThat(outcome.code()).isEqualTo(3);
  }

  @Test
  void membersAndEnsemblesAreScoredOnceAnExample() {
    Path evaluation = folder.resolve("evaluation");
    Jobs.succeed(
        "evaluate",
        "--set",
        "dataset=" + shapes,
        "--set",
        "members=[%s, %s/models/last]".formatted(run, run),
        "--run",
        evaluation.toString());
    Evaluation scores =
        Documents.read(Location.of(evaluation + "/evaluation.json"), Evaluation.class);
    assertThat(scores.examples()).isEqualTo(70);
    assertThat(scores.members()).extracting(Evaluation.Score::name).containsExactly("run", "last");
    assertThat(scores.ensembles())
        .extracting(Evaluation.Score::name)
        .containsExactly("ensemble-mean", "ensemble-weighted", "ensemble-vote");
    for (Evaluation.Score score : scores.all()) {
      assertThat(score.confusion().stream().mapToInt(cell -> cell.get(2)).sum()).isEqualTo(70);
      assertThat(score.top1Error())
          .isBetween(score.top1Interval().get(0), score.top1Interval().get(1));
    }
    assertThat(scores.bySize()).extracting(Evaluation.BySize::members).containsExactly(1, 2);
    assertThat(scores.bySize().get(0).meanTop1Error())
        .isCloseTo(
            (scores.members().get(0).top1Error() + scores.members().get(1).top1Error()) / 2,
            within(1e-9));
    assertThat(scores.bySize().get(1))
        .isEqualTo(
            new Evaluation.BySize(
                2,
                1,
                scores.ensembles().get(0).top1Error(),
                scores.ensembles().get(0).top1Error(),
                scores.ensembles().get(0).top1Error()));
    assertThat(scores.members().get(0).learningCurve()).hasSize(2);
    Evaluation.Made made = scores.members().get(0).made().orElseThrow();
    assertThat(made.model()).isEqualTo(run.toString());
    assertThat(made.architecture()).isEqualTo("lenet");
    assertThat(made.epochs()).isEqualTo(2);
    assertThat(made.seconds()).isPositive();
    assertThat(scores.ensembles())
        .extracting(Evaluation.Score::made)
        .containsOnly(Optional.empty());
    for (Evaluation.Mistake mistake : scores.winner().worst()) {
      assertThat(mistake.ofLabel()).isBetween(0.0, mistake.probability());
    }
    assertThat(evaluation.resolve("summary.csv")).isNotEmptyFile();
    assertThat(evaluation.resolve("report.html"))
        .content()
        .contains("<a href=\"%s\">run</a>".formatted(run.resolve("report.html").toUri()))
        .contains("<td>lenet</td><td>3 \u00d7 32 \u00d7 32</td><td>1</td><td>2</td>");
    assertThat(run.resolve("report.html")).content().contains("What it looks for");
    assertThat(predictions(evaluation)).isEqualTo(70);
    assertThat(scores.selectedBy().rule()).contains("validation error in its training");
    assertThat(scores.winner().name()).isIn("run", "last");
  }

  /** Which is how a stopped evaluation goes on, too. */
  @Test
  void otherEnsemblesAreMadeOfKeptScores() throws IOException {
    Path evaluation = folder.resolve("kept");
    List<String> options =
        new ArrayList<>(
            List.of(
                "--set",
                "dataset=" + shapes,
                "--set",
                "members=[%s, %s/models/last]".formatted(run, run),
                "--run",
                evaluation.toString()));
    Jobs.succeed("evaluate", options.toArray(String[]::new));
    Evaluation first = read(evaluation);
    Path part = evaluation.resolve("scores/part-00002.parquet");
    Path other = evaluation.resolve("scores/part-00001.parquet");
    FileTime before = Files.getLastModifiedTime(part);
    Files.delete(other);
    options.addAll(List.of("--set", "combinations=[vote]", "--set", "selection-split=validation"));
    Jobs.succeed("evaluate", options.toArray(String[]::new));
    Evaluation second = read(evaluation);
    assertThat(second.members()).isEqualTo(first.members());
    assertThat(second.ensembles().get(0)).isEqualTo(first.ensembles().get(2));
    assertThat(second.ensembles())
        .extracting(Evaluation.Score::name)
        .containsExactly("ensemble-vote", "ensemble-greedy");
    assertThat(Files.getLastModifiedTime(part)).isEqualTo(before);
    assertThat(other).exists();
    assertThat(predictions(evaluation)).isEqualTo(70);
    options.addAll(List.of("--set", "views=mirrored"));
    refused(
        Jobs.run("evaluate", options.toArray(String[]::new)),
        "Cannot resume %s: its configuration differs".formatted(evaluation));
    // Of another model nothing is kept.
    Files.writeString(evaluation.resolve("scores.of"), "another");
    Jobs.succeed("evaluate", options.subList(0, options.size() - 2).toArray(String[]::new));
    assertThat(Files.getLastModifiedTime(part)).isNotEqualTo(before);
    assertThat(read(evaluation).members()).isEqualTo(first.members());
  }

  private static Evaluation read(Path evaluation) {
    return Documents.read(Location.of(evaluation + "/evaluation.json"), Evaluation.class);
  }

  @Test
  void anEnsembleIsFittedAndTheWinnerChosenOnAnotherSplit() {
    Path evaluation = folder.resolve("selected");
    String[] options = {
      "--set",
      "dataset=" + shapes,
      "--set",
      "members=[%s, %s/models/last]".formatted(run, run),
      "--set",
      "selection-split=validation",
      "--set",
      "views=ten-crops",
      "--set",
      "scales=[0.8, 1]",
      "--run",
      evaluation.toString()
    };
    Jobs.succeed("evaluate", options);
    Evaluation scores =
        Documents.read(Location.of(evaluation + "/evaluation.json"), Evaluation.class);
    assertThat(scores.ensembles())
        .extracting(Evaluation.Score::name)
        .containsExactly("ensemble-mean", "ensemble-weighted", "ensemble-vote", "ensemble-greedy");
    assertThat(scores.selectedBy().split()).isEqualTo("validation");
    assertThat(scores.all()).extracting(Evaluation.Score::name).contains(scores.winner().name());
    assertThat(scores.calibrated().orElseThrow().loss())
        .isNotEqualTo(scores.winner().loss())
        .isFinite();
    assertThat(scores.scales()).containsExactly(0.8, 1.0);
    assertThat(scores.gains()).hasSize(4);
    assertThat(scores.pairs()).hasSize(15);
    options[5] = "selection-split=test";
    Jobs.Outcome same = Jobs.run("evaluate", options);
    assertThat(same.code()).isEqualTo(3);
    assertThat(same.errors()).contains("selection-split: test (must not be the split");
  }

  private static long predictions(Path evaluation) {
    return Location.of(evaluation + "/predictions").list().stream()
        .mapToLong(part -> part.location().readText().lines().count() - 1)
        .sum();
  }

  @Test
  void partitioningAgainGivesTheSameBytes() {
    Path again = folder.resolve("again");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + folder.resolve("pictures"),
        "--set",
        "output=" + again,
        "--set",
        "shard-examples=57");
    assertThat(DatasetManifest.read(Location.of(again.toString())).splits())
        .isEqualTo(DatasetManifest.read(Location.of(shapes.toString())).splits());
  }

  @Test
  void shardsAreThemselvesASource() {
    Path copy = folder.resolve("copy");
    Jobs.succeed(
        "partition",
        "--set",
        "source={type: webdataset, path: %s/shards}".formatted(shapes),
        "--set",
        "output=" + copy);
    DatasetManifest first = DatasetManifest.read(Location.of(shapes.toString()));
    DatasetManifest second = DatasetManifest.read(Location.of(copy.toString()));
    assertThat(second.split("train").classCounts()).isEqualTo(first.split("train").classCounts());
    assertThat(second.mean()).isEqualTo(first.mean());
  }

  @Test
  void brokenPicturesAreSetAsideUpToTheNumberAllowed() throws IOException {
    Path odd = TestData.folder("odd-images");
    Path output = folder.resolve("odd");
    String[] options = {
      "--set",
      "source={type: class-folders, path: %s}".formatted(odd),
      "--set",
      "output=" + output,
      "--set",
      "splits.from=hash",
      "--set",
      "rejected-images-allowed=27"
    };
    Jobs.Outcome outcome = Jobs.run("partition", options);
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .startsWith(
            "error: Cannot partition: 28 pictures are broken, rejected-images-allowed is 27.")
        .contains("derived/");
    assertThat(output.resolve("manifest.json")).doesNotExist();
    assertThat(Files.readAllLines(output.resolve("rejected.tsv"))).hasSize(29);
    options[7] = "rejected-images-allowed=28";
    Jobs.succeed("partition", options);
    DatasetManifest manifest = DatasetManifest.read(Location.of(output.toString()));
    assertThat(manifest.rejected()).isEqualTo(28);
    assertThat(manifest.split("train").examples()).isEqualTo(106);
    assertThat(Files.readAllLines(output.resolve("rejected.tsv")))
        .hasSize(29)
        .anyMatch(line -> line.contains("truncated_50pct") && line.contains("is cut short"));
  }

  @Test
  void aMissingDataSetIsNamed() {
    refused(
        Jobs.run("train", "--config", "conf/train/demo.yaml", "--set", "dataset=/nowhere/at/all"),
        "Cannot read data set /nowhere/at/all: there is no such folder. Make one with jobs/partition.sh.");
  }

  @Test
  void anUnknownKeyIsToldWithTheNearestOne() {
    refused(
        Jobs.run("train", trainOptions("--set", "training.epoch=3")),
        "Unknown key training.epoch. Did you mean training.epochs?");
  }

  @Test
  void aShardWithAnotherDigestIsRefused() throws IOException {
    Path damaged = folder.resolve("damaged");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + folder.resolve("pictures"),
        "--set",
        "output=" + damaged,
        "--set",
        "seed=9");
    Path shard = damaged.resolve("shards/train-000000.tar");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[5000] ^= 1;
    Files.write(shard, bytes);
    refused(
        Jobs.run(
            "train",
            "--config",
            "conf/train/demo.yaml",
            "--set",
            "dataset=" + damaged,
            "--run",
            folder.resolve("damaged-run").toString()),
        "Cannot use shard " + shard + ": its sha256 is");
  }

  @Test
  void anotherNumberOfClassesIsRefused() {
    refused(
        Jobs.run("train", trainOptions("--set", "network.classes=1000")),
        "Cannot use a network with 1000 classes: the data set has 10.");
  }

  @Test
  void aModelOfOtherClassesIsRefused() throws IOException {
    Path two = folder.resolve("two");
    for (String name : List.of("disk", "ring")) {
      for (String split : List.of("train", "test")) {
        Files.createDirectories(two.resolve(split));
        Files.copy(
            folder.resolve("pictures/%s/%s.tar".formatted(split, name)),
            two.resolve(split + "/" + name + ".tar"));
      }
    }
    Path output = folder.resolve("two-shapes");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + two,
        "--set",
        "output=" + output);
    refused(
        Jobs.run("evaluate", "--set", "dataset=" + output, "--set", "members=[" + run + "]"),
        "Cannot evaluate %s: it knows 10 classes, the data set has 2.".formatted(run));
  }

  @Test
  void anEmptyClassFolderIsRefused() throws IOException {
    Path source = folder.resolve("with-empty");
    Files.createDirectories(source.resolve("cat"));
    refused(
        Jobs.run(
            "partition",
            "--set",
            "source={type: class-folders, path: %s}".formatted(source),
            "--set",
            "output=" + folder.resolve("none")),
        "Cannot use class folder %s/cat: it has no pictures.".formatted(source));
  }

  @Test
  void anOutputThatCannotBeWrittenIsRefused() {
    // Even root may not make files there.
    refused(Jobs.run("draw", "--set", "output=/proc/convoy"), "Cannot write into /proc/convoy: ");
  }

  @Test
  void moreWorkersThanExamplesAreRefused() {
    refused(
        Jobs.run(
            "train",
            trainOptions("--set", "training.workers=5000", "--set", "training.transport=spark")),
        "Cannot train 5000 workers on ");
  }

  @Test
  void aCheckLooksAtAllThatAStartWill() {
    refused(
        Jobs.run("train", trainOptions("--check", "--set", "training.workers=64")),
        "Cannot train 64 workers at the same time on 2 slots");
    refused(
        Jobs.run("train", trainOptions("--check", "--set", "training.minibatch=100000000")),
        "Cannot train with minibatches of 100,000,000: the training split has ");
    refused(
        Jobs.run("train", trainOptions("--check", "--run", shapes.toString())),
        "Cannot start a run in %s: the folder is not empty and holds no run.".formatted(shapes));
    refused(
        Jobs.run("train", trainOptions("--check", "--set", "cache-mebibytes=100000000")),
        "Cannot train with a driver heap of ");
  }

  /** Of jobs that write into a folder of their own, too: the second would mix its files in. */
  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "predict"})
  void aFolderInWhichSomebodyIsAtWorkIsRefused(String job) {
    Location taken = Location.of(folder.resolve("taken-" + job).toString());
    switch (job) {
      case "train" ->
          requireRefused(
              new TrainJob(), taken, "network.architecture=lenet", "network.input=[3, 32, 32]");
      case "evaluate" -> requireRefused(new EvaluateJob(), taken, "members=[" + run + "]");
      default -> requireRefused(new PredictJob(), taken, "source.path=" + shapes, "model=" + run);
    }
  }

  /** Before it starts, and by itself where somebody came in between. */
  private static <C extends Record> void requireRefused(
      Job<C> job, Location taken, String... settings) {
    String name = taken.name().replace("taken-", "");
    List<String> all = new ArrayList<>(List.of(settings));
    if (!name.equals("predict")) {
      all.add("dataset=" + shapes);
    }
    C config = Documents.reference(name).with(all).bind(name, job.configType());
    var unused = RunFolder.open(taken, name, config, List.of(), Provenance.of(List.of()));
    List<String> options = new ArrayList<>();
    all.forEach(setting -> options.addAll(List.of("--set", setting)));
    options.addAll(List.of("--run", taken.uri()));
    try (Lease other = Lease.take(taken, "run")) {
      refused(
          Jobs.run(name, options.toArray(String[]::new)),
          "Cannot write into run %s".formatted(taken));
      Job.Context context =
          new Job.Context(Optional.of(taken), Provenance.of(List.of()), System.out);
      assertThatThrownBy(() -> job.run(config, context))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("has been at work since");
      other.requireHeld();
    }
  }

  @Test
  void aCompleteDataSetIsNotOverwritten() {
    refused(
        Jobs.run(
            "partition",
            "--config",
            "conf/partition/demo.yaml",
            "--set",
            "source.path=" + folder.resolve("pictures"),
            "--set",
            "output=" + shapes),
        "Cannot write data set %s: there is a complete one.".formatted(shapes));
  }

  /** Whether a picture is good does not depend on the heap. */
  @Test
  void aPictureThatDoesNotFitTheHeapStopsTheJobAndIsNotRejected() throws Exception {
    Path pictures = folder.resolve("huge");
    for (String name : List.of("cat", "dog")) {
      Files.createDirectories(pictures.resolve(name));
      for (int i = 0; i < 5; i++) {
        Files.write(
            pictures.resolve("%s/%d.png".formatted(name, i)),
            PictureEncoder.png(Pictures.noise(8, 8, 3, i)));
      }
    }
    // Of one bit a pixel, and three bytes where it is decoded: 1.2 gigabytes.
    Files.write(
        pictures.resolve("cat/huge.png"),
        PictureEncoder.png(new BufferedImage(20_000, 20_000, BufferedImage.TYPE_BYTE_BINARY)));
    Path log = folder.resolve("huge.log");
    Process partition =
        JobProcess.start(
            log,
            List.of("-Dspark.ui.enabled=false"),
            "partition",
            "--set",
            "source.path=" + pictures,
            "--set",
            "splits.from=hash",
            "--set",
            "images.most-megapixels=500",
            "--set",
            "rejected-images-allowed=10",
            "--set",
            "output=" + folder.resolve("huge-set"));
    boolean ended = partition.waitFor(3, TimeUnit.MINUTES);
    partition.destroyForcibly();
    assertThat(log).content().contains("cat/huge.png", "Raise spark.executor.memory");
    assertThat(ended).isTrue();
    assertThat(partition.exitValue()).isEqualTo(3);
    assertThat(folder.resolve("huge-set/rejected.tsv")).doesNotExist();
    assertThat(folder.resolve("huge-set/manifest.json")).doesNotExist();
  }

  @Test
  void aFolderThatHoldsSomethingElseIsNotTouched() throws IOException {
    Path other = folder.resolve("other");
    Files.createDirectories(other.resolve("shards"));
    Path precious = Files.writeString(other.resolve("shards/train-000000.tar"), "precious");
    refused(
        Jobs.run(
            "partition",
            "--config",
            "conf/partition/demo.yaml",
            "--set",
            "source.path=" + folder.resolve("pictures"),
            "--set",
            "output=" + other),
        "Cannot write data set %s: the folder is not empty".formatted(other));
    assertThat(precious).hasContent("precious");
  }

  @Test
  void aRunIsNotResumedOnAnotherDataSet() throws IOException {
    Path set = folder.resolve("changing");
    Path changing = folder.resolve("changing-run");
    for (int seed = 1; seed <= 2; seed++) {
      Jobs.succeed(
          "partition",
          "--config",
          "conf/partition/demo.yaml",
          "--set",
          "seed=" + seed,
          "--set",
          "overwrite=" + (seed == 2),
          "--set",
          "source.path=" + folder.resolve("pictures"),
          "--set",
          "output=" + set);
      String[] options = {
        "--config",
        "conf/train/demo.yaml",
        "--set",
        "dataset=" + set,
        "--set",
        "training.epochs=1",
        "--run",
        changing.toString()
      };
      if (seed == 1) {
        Jobs.succeed("train", options);
      } else {
        String[] check = Arrays.copyOf(options, options.length + 1);
        check[options.length] = "--check";
        for (String[] words : List.of(options, check)) {
          refused(
              Jobs.run("train", words),
              "Cannot resume %s: the data set is another one".formatted(changing));
        }
      }
    }
  }

  @Test
  void anInputThatVanishesIsToldBeforeSparkStarts() {
    refused(
        Jobs.run("train", trainOptions("--set", "network.input=[3, 12, 12]")),
        "Cannot build lenet for input [3, 12, 12]. At layer conv2: ");
  }

  @Test
  void everyProblemOfAConfigurationIsToldAtOnce() {
    Jobs.Outcome outcome =
        Jobs.run(
            "train",
            trainOptions(
                "--set",
                "training.epochs=0",
                "--set",
                "network.architecture=lnet",
                "--set",
                "sede=1"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.errors())
        .contains("Invalid epochs: 0 (must be at least 1) in training")
        .contains("Invalid architecture: lnet")
        .contains("Unknown key sede. Did you mean seed?");
  }

  @Test
  void aWrongCommandLineIsTwo() {
    assertThat(Jobs.run("train", "--no-such-option").code()).isEqualTo(2);
    assertThat(Jobs.run("trian").code()).isEqualTo(2);
  }

  @Test
  void checkAndPrintConfigRunNothing() {
    assertThat(Jobs.run("train", trainOptions("--check")).code()).isZero();
    assertThat(Jobs.run("train", trainOptions("--print-config")).code()).isZero();
  }
}
