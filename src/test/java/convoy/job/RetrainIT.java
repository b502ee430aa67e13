package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import convoy.evaluate.Evaluation;
import convoy.network.TrainedModel;
import convoy.registry.Decision;
import convoy.registry.Registry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A drill: drops arrive one after the other, a good one, a mislabelled one, a new class, none. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RetrainIT {
  @TempDir static Path folder;
  private static Path drops;
  private static Path base;
  private static Path models;

  @BeforeAll
  static void beginWithLittle() {
    drops = folder.resolve("drops");
    models = folder.resolve("models");
    folder.resolve("first").toFile().mkdirs();
    drops.toFile().mkdirs();
    base = Jobs.shapes(folder.resolve("first"), 80, 30);
  }

  private static String[] options(String... more) {
    List<String> options =
        options(
            models,
            base,
            drops,
            "settings=[training.epochs=8, network.dropout=0, tensorboard=true]",
            "policy.largest-class-loss=0.15");
    for (String setting : more) {
      options.addAll(List.of("--set", setting));
    }
    return options.toArray(String[]::new);
  }

  /** Of a retraining from drops of a tar a class, by the demo's recipe. */
  static List<String> options(Path registry, Path dataset, Path drops, String... more) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "registry=" + registry,
                "dataset=" + dataset,
                "source.path=" + drops,
                "source.layout=imagenet-tars",
                "recipe=[conf/train/demo.yaml]"));
    settings.addAll(List.of(more));
    List<String> options = new ArrayList<>();
    settings.forEach(setting -> options.addAll(List.of("--set", setting)));
    return options;
  }

  private static Registry registry() {
    return new Registry(Location.of(models.toString()));
  }

  /** Pictures of the training kind that nobody has seen, a tar a class. */
  private static Path drawn(int perClass, int seed) {
    Path pictures = folder.resolve("drawn-" + seed);
    Jobs.succeed(
        "draw",
        "--set",
        "output=" + pictures,
        "--set",
        "train-per-class=" + perClass,
        "--set",
        "test-per-class=1",
        "--set",
        "seed=" + seed);
    return pictures.resolve("train");
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Moves a drawing to the drops, each class under the name of the one that many places on. */
  private static void drop(String name, Path pictures, int labelsMovedBy) throws IOException {
    List<Path> tars = files(pictures);
    Path arriving = Files.createDirectories(folder.resolve("arriving"));
    for (int i = 0; i < tars.size(); i++) {
      Path label = tars.get((i + labelsMovedBy) % tars.size()).getFileName();
      Files.copy(tars.get(i), arriving.resolve(label));
    }
    Files.move(arriving, drops.resolve(name));
  }

  @Test
  @Order(1)
  void theFirstRunMakesAChampion() {
    Jobs.succeed("retrain", options());
    assertThat(registry().champion()).contains(1);
    Decision decision = registry().decision(1);
    assertThat(decision.champion()).isEmpty();
    assertThat(decision.promoted()).isTrue();
    assertThat(TrainedModel.isIn(Location.of(registry().resolve("registry:champion")))).isTrue();
  }

  @Test
  @Order(2)
  void withNothingNewNothingIsDone() {
    Jobs.succeed("retrain", options());
    assertThat(registry().versions()).containsExactly(1);
  }

  @Test
  @Order(3)
  void aGoodDropIsPromoted() throws Exception {
    drop("2026-11-02", drawn(200, 2), 0);
    Jobs.succeed("retrain", options());
    Decision decision = registry().decision(2);
    assertThat(decision.promoted()).as(decision.words()).isTrue();
    assertThat(decision.comparison().orElseThrow().pValue()).isLessThan(0.05);
    assertThat(decision.testTop1Error()).isLessThan(registry().decision(1).testTop1Error());
    assertThat(registry().champion()).contains(2);
    DatasetManifest joined = DatasetManifest.read(Location.of(registry().origin(2).dataset()));
    DatasetManifest first = DatasetManifest.read(Location.of(base.toString()));
    assertThat(joined.split("test"))
        .usingRecursiveComparison()
        .ignoringFields("shards")
        .isEqualTo(first.split("test"));
    assertThat(joined.split("train").examples())
        .isGreaterThan(first.split("train").examples() + 1700);
    Path version = models.resolve("versions/000002");
    assertThat(version.resolve("report.html")).content().contains("Promoted");
    assertThat(version.resolve("training.html")).content().contains("augmentation:");
    assertThat(version.resolve("tensorboard")).isDirectoryContaining("glob:**0000000008.convoy");
  }

  @Test
  @Order(4)
  void mislabelledPicturesAreRefused() throws Exception {
    drop("2026-11-03", drawn(200, 3), 3);
    Jobs.succeed("retrain", options());
    Decision decision = registry().decision(3);
    assertThat(decision.promoted()).as(decision.words()).isFalse();
    assertThat(decision.bounds()).anyMatch(bound -> !bound.holds());
    assertThat(registry().champion()).contains(2);
    assertThat(models.resolve("versions/000003/report.html")).content().contains("Champion kept");
  }

  @Test
  @Order(5)
  void theSameInputsAgainDoNothing() {
    Jobs.succeed("retrain", options());
    assertThat(registry().versions()).containsExactly(1, 2, 3);
  }

  @Test
  @Order(6)
  void aNewClassIsNamedAndByOptionLearned() throws Exception {
    Path pictures = drawn(40, 4);
    Files.copy(files(pictures).get(0), pictures.resolve("zz-unheard-of.tar"));
    Files.delete(files(pictures).get(0));
    drop("2026-11-04", pictures, 0);
    Jobs.Outcome refused = Jobs.run("retrain", options("source.skip=[2026-11-03]"));
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.errors())
        .startsWith(
            "error: Cannot use drop 2026-11-04: it has classes that the champion does not know, [zz-unheard-of].")
        .hasLineCount(1);
    Jobs.succeed(
        "retrain",
        options(
            "source.skip=[2026-11-03]",
            "new-classes=widen",
            "policy.level=1",
            "policy.smallest-gain=-1",
            "policy.largest-class-loss=1"));
    Decision decision = registry().decision(4);
    assertThat(decision.newClasses()).containsExactly("zz-unheard-of");
    assertThat(decision.promoted()).isTrue();
    TrainedModel.Description model =
        TrainedModel.describe(Location.of(registry().resolve("registry:4")));
    assertThat(model.labels().size()).isEqualTo(11);
    assertThat(model.labels().classNames().get(10)).isEqualTo("zz-unheard-of");
  }

  @Test
  @Order(7)
  void anEmptyDropIsLeftForLater() throws Exception {
    Files.createDirectories(drops.resolve("2026-11-05"));
    Jobs.succeed("retrain", options("source.skip=[2026-11-03]", "new-classes=widen"));
    assertThat(registry().versions()).containsExactly(1, 2, 3, 4);
  }

  @Test
  @Order(8)
  void aDropThatChangedIsRefused() throws Exception {
    Path tar = files(drops.resolve("2026-11-02")).get(0);
    byte[] before = Files.readAllBytes(tar);
    Files.write(tar, new byte[1024], java.nio.file.StandardOpenOption.APPEND);
    Jobs.Outcome refused = Jobs.run("retrain", options());
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.errors())
        .startsWith("error: Cannot use drop 2026-11-02: it is not what it was when it was seen.");
    Files.write(tar, before);
  }

  @Test
  @Order(9)
  void theRegistryIsLookedAfter() {
    Jobs.succeed("registry", "list", "--registry", models.toString());
    Jobs.succeed("registry", "show", "3", "--format", "json", "--registry", models.toString());
    Jobs.succeed("registry", "rollback", "--registry", models.toString());
    assertThat(registry().champion()).contains(2);
    Jobs.succeed("registry", "promote", "1", "--why", "a test", "--registry", models.toString());
    assertThat(registry().history().get(registry().history().size() - 1))
        .matches(reign -> reign.version() == 1 && reign.why().equals("a test"));
    Jobs.succeed("registry", "prune", "--keep", "1", "--registry", models.toString());
    // The newest, the one in use and the one before it.
    assertThat(registry().versions()).containsExactly(1, 2, 4);
    assertThat(models.resolve("versions/000003")).isDirectoryContaining("glob:**/pruned.json");
    assertThat(models.resolve("versions/000003/model")).doesNotExist();
    // What a deleted version was made of is not tried again.
    Jobs.succeed("registry", "promote", "2", "--registry", models.toString());
    Jobs.succeed("retrain", options("source.skip=[2026-11-04]"));
    assertThat(registry().versions()).containsExactly(1, 2, 4);
    Jobs.succeed("registry", "promote", "1", "--registry", models.toString());
    Jobs.Outcome unknown = Jobs.run("registry", "promote", "9", "--registry", models.toString());
    assertThat(unknown.code()).isEqualTo(3);
    assertThat(unknown.errors()).startsWith("error: Cannot find version 9 in registry");
  }

  @Test
  @Order(10)
  void theChampionPredicts() {
    Path run = folder.resolve("labels");
    Jobs.succeed(
        "predict",
        "--set",
        "model=registry:champion",
        "--set",
        "registry=" + models,
        "--set",
        "source.path=" + drops.resolve("2026-11-02"),
        "--set",
        "format=csv",
        "--run",
        run.toString());
    assertThat(run.resolve("predictions")).isDirectoryContaining("glob:**.csv");
  }

  @Test
  @Order(10)
  void versionsAreEvaluatedAndDescribedByTheirNumbers() {
    Path run = folder.resolve("evaluation");
    String[] options = {
      "--set",
      "dataset=" + base,
      "--set",
      "members=[registry:champion, registry:2]",
      "--set",
      "registry=" + models,
      "--run",
      run.toString()
    };
    Jobs.succeed("evaluate", options);
    Evaluation evaluation = Documents.read(Location.of(run + "/evaluation.json"), Evaluation.class);
    assertThat(evaluation.members())
        .extracting(Evaluation.Score::name)
        .containsExactly("registry-1", "registry-2");
    assertThat(evaluation.members().get(0).top1Error())
        .isEqualTo(registry().decision(1).testTop1Error());
    options[3] = "members=[registry:3]";
    Jobs.Outcome pruned = Jobs.run("evaluate", options);
    assertThat(pruned.code()).isEqualTo(3);
    assertThat(pruned.errors()).startsWith("error: Cannot find version 3 in registry");
    Jobs.succeed(
        "describe", "--set", "model=registry:2", "--set", "registry=" + models, "--format", "json");
  }

  /** What a killed one leaves, at many points; the process really is killed. */
  @Test
  @Order(11)
  void killedAtAnyPointItComesToTheSameEnd() throws Exception {
    models = folder.resolve("killed");
    drops = Files.createDirectories(folder.resolve("later-drops"));
    drop("2026-11-09", folder.resolve("drawn-2/train"), 0);
    List<String> marks =
        List.of(
            "lease.json",
            "work/*/train/checkpoints/epoch-00002/checkpoint.json",
            "work/*/predictions/part-00000.csv",
            "versions/000001/model/model.json",
            "versions/000001/report.html",
            "versions/000001/decision.json",
            "champion.json");
    for (String mark : marks) {
      killWhen(mark);
      assertThat(registry().champion().map(v -> registry().versions().contains(v)))
          .as("a champion is a complete version, killed at " + mark)
          .isIn(Optional.empty(), Optional.of(true));
    }
    Jobs.succeed("retrain", options());
    assertThat(registry().versions()).containsExactly(1);
    assertThat(registry().history()).hasSize(1);
    String killed = sha256(registry());
    models = folder.resolve("not-killed");
    Jobs.succeed("retrain", options());
    assertThat(sha256(registry())).isEqualTo(killed);
  }

  private static String sha256(Registry registry) {
    return TrainedModel.describe(Location.of(registry.resolve("registry:champion"))).sha256();
  }

  /** Some marks are there for half a second, which a busy machine may miss: then once more. */
  private static void killWhen(String mark) throws Exception {
    Path before = folder.resolve("before-the-kill");
    for (int attempt = 0; attempt < 4; attempt++) {
      FileUtils.deleteDirectory(before.toFile());
      FileUtils.copyDirectory(Files.createDirectories(models).toFile(), before.toFile());
      if (isKilledWhen(mark)) {
        return;
      }
      FileUtils.deleteDirectory(models.toFile());
      FileUtils.copyDirectory(before.toFile(), models.toFile());
    }
    throw new AssertionError(mark + "\n" + Files.readString(folder.resolve("killed.log")));
  }

  private static boolean isKilledWhen(String mark) throws Exception {
    Process process =
        JobProcess.start(
            folder.resolve("killed.log"),
            List.of("-Dspark.ui.enabled=false"),
            "retrain",
            options());
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    boolean seen = isThere(mark);
    while (process.isAlive() && !seen && System.nanoTime() < end) {
      Thread.sleep(5);
      seen = isThere(mark);
    }
    process.destroyForcibly();
    process.waitFor();
    return seen;
  }

  private static boolean isThere(String mark) {
    List<Path> at = List.of(models);
    for (String part : mark.split("/")) {
      at = at.stream().flatMap(path -> matching(path, part)).toList();
    }
    return at.stream().anyMatch(Files::exists);
  }

  private static Stream<Path> matching(Path path, String part) {
    if (!part.equals("*")) {
      return Stream.of(path.resolve(part));
    }
    try {
      return Files.isDirectory(path) ? files(path).stream() : Stream.of();
    } catch (UncheckedIOException e) {
      // The retraining has deleted it meanwhile.
      return Stream.of();
    }
  }

  /** Each drop's classes are numbered after those of the drops before it. */
  @Test
  @Order(12)
  void twoDropsWithNewClassesAreLearnedTogether() throws Exception {
    for (String name : List.of("2026-11-10", "2026-11-11")) {
      Path pictures = drawn(4, name.hashCode() & 0xffff);
      Files.move(files(pictures).get(0), pictures.resolve("new-on-" + name + ".tar"));
      drop(name, pictures, 0);
    }
    Jobs.succeed(
        "retrain",
        options(
            "new-classes=widen",
            "settings=[training.epochs=1]",
            "policy.level=1",
            "policy.smallest-gain=-1",
            "policy.largest-class-loss=1"));
    Registry.Origin origin = registry().origin(2);
    DatasetManifest joined = DatasetManifest.read(Location.of(origin.dataset()));
    assertThat(joined.labels().classNames())
        .hasSize(12)
        .endsWith("new-on-2026-11-10", "new-on-2026-11-11");
    int[] counts = new int[12];
    for (DatasetManifest.Split split : List.of(joined.split("train"), joined.split("validation"))) {
      for (int c = 0; c < 12; c++) {
        counts[c] += split.classCounts().get(c);
      }
    }
    assertThat(counts[10]).isEqualTo(4);
    assertThat(counts[11]).isEqualTo(4);
  }

  @Test
  @Order(13)
  void twoAtOnceAreNotPossible() {
    String holder =
        Documents.toJson(
            new Holder(
                "x",
                "somebody",
                "elsewhere",
                "",
                7,
                "2026-11-09T00:00:00Z",
                java.time.Instant.now().toString()));
    Location lease = registry().folder().child("lease.json");
    lease.writeText(holder);
    Jobs.Outcome refused = Jobs.run("retrain", options());
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.errors())
        .isEqualTo(
            "error: Cannot write into registry %s: somebody on elsewhere (process 7) has been at work since 2026-11-09T00:00:00Z. Wait for it; a lease that is not renewed for a minute is lost."
                .formatted(models));
    lease.writeText(holder.replace(java.time.Year.now().toString(), "2020"));
    Jobs.succeed("retrain", options());
    assertThat(lease.exists()).isFalse();
  }

  /** As {@code lease.json} has it. */
  private record Holder(
      String token,
      String user,
      String host,
      String machine,
      long process,
      String since,
      String renewed) {}

  @Test
  @Order(14)
  void ofManyWhoTakeALeaseOneGetsIt() {
    Location file = Location.of(folder.resolve("lease-race").toString());
    long made = IntStream.range(0, 64).parallel().filter(i -> file.create("mine " + i)).count();
    assertThat(made).isEqualTo(1);
  }
}
