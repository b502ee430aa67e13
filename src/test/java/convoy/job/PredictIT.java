package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.evaluate.Evaluation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.mllib.evaluation.MulticlassMetrics;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * New pictures and their labels: folders, tars, a data set, tables, with broken ones among them.
 */
class PredictIT {
  private static final int PICTURES = 70;
  @TempDir static Path folder;
  private static Path shapes;
  private static Path model;

  @BeforeAll
  static void train() throws Exception {
    shapes = Jobs.shapes(folder, 20, 7);
    for (String run : List.of("run", "other")) {
      model = folder.resolve(run);
      Jobs.succeed(
          "train",
          "--config",
          "conf/train/demo.yaml",
          "--set",
          "dataset=" + shapes,
          "--set",
          "training.epochs=2",
          "--set",
          "seed=" + run.length(),
          "--run",
          model.toString());
    }
    Jobs.succeed(
        "draw",
        "--set",
        "output=" + folder.resolve("new"),
        "--set",
        "train-per-class=1",
        "--set",
        "test-per-class=7",
        "--set",
        "layout=folders");
    Files.write(folder.resolve("new/test/broken.jpg"), new byte[] {1, 2, 3});
  }

  private static Jobs.Outcome predict(Path source, Path run, String... more) {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--set",
                "model=" + model,
                "--set",
                "source.path=" + source,
                "--set",
                "part-pictures=16",
                "--run",
                run.toString()));
    for (String setting : more) {
      options.addAll(List.of("--set", setting));
    }
    return Jobs.run("predict", options.toArray(String[]::new));
  }

  private static void succeeds(Jobs.Outcome outcome) {
    assertThat(outcome.errors()).isEmpty();
    assertThat(outcome.code()).isZero();
  }

  private static <T> T sql(Function<SparkSession, T> work) {
    try (SparkSession session =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      return work.apply(session);
    }
  }

  /** Names without folders, and the first classes. */
  private static TreeSet<String> labels(Path run, String format) {
    return sql(
        session -> {
          Dataset<Row> table =
              session.read().option("header", true).format(format).load(run + "/predictions");
          TreeSet<String> labels = new TreeSet<>();
          for (Row row : table.select("name", "class_1").collectAsList()) {
            labels.add(row.getString(0).replaceAll(".*/", "") + " " + row.getString(1));
          }
          return labels;
        });
  }

  @Test
  void aFolderWithABrokenPicture() throws Exception {
    Path run = folder.resolve("labels");
    succeeds(predict(folder.resolve("new/test"), run));
    TreeSet<String> labels = labels(run, "parquet");
    assertThat(labels).hasSize(PICTURES);
    assertThat(Files.readAllLines(run.resolve("rejected.tsv")))
        .hasSize(2)
        .last()
        .asString()
        .startsWith("broken.jpg\t")
        .endsWith("broken.jpg\tis no picture (begins with '...')");
    // What a stopped run lacks is done again, the rest is not.
    Path part = run.resolve("parts/part-00001.json");
    List<String> before = Files.readAllLines(part);
    Files.delete(part);
    Files.writeString(
        run.resolve("parts/part-00000.json"),
        Files.readString(run.resolve("parts/part-00000.json")).replace("_test_", "_kept_"));
    succeeds(predict(folder.resolve("new/test"), run));
    assertThat(Files.readAllLines(part)).isEqualTo(before);
    assertThat(labels(run, "parquet")).anyMatch(label -> label.contains("_kept_"));
  }

  @Test
  void tarsTablesAndADataSetSayTheSame() {
    Path files = folder.resolve("files-labels");
    succeeds(predict(folder.resolve("new/test"), files));
    TreeSet<String> expected = labels(files, "parquet");
    // The same pictures, as the first drawing had them.
    Path tars = folder.resolve("tar-labels");
    succeeds(predict(folder.resolve("pictures/test"), tars, "format=csv"));
    assertThat(labels(tars, "csv")).isEqualTo(expected);
    Path set = folder.resolve("set-labels");
    succeeds(predict(shapes, set, "source.split=test"));
    assertThat(labels(set, "parquet")).isEqualTo(expected);
    Path bytes = folder.resolve("bytes.parquet");
    Path paths = folder.resolve("paths.parquet");
    sql(
        session -> {
          Dataset<Row> all =
              session
                  .read()
                  .format("binaryFile")
                  .option("recursiveFileLookup", true)
                  .load(folder.resolve("new/test").toString());
          all.select("path", "content").write().mode(SaveMode.Overwrite).parquet(bytes.toString());
          all.select("path").write().mode(SaveMode.Overwrite).parquet(paths.toString());
          return 0;
        });
    for (Path table : List.of(bytes, paths)) {
      Path run = folder.resolve(table.getFileName() + "-labels");
      succeeds(predict(table, run));
      assertThat(labels(run, "parquet")).isEqualTo(expected);
    }
  }

  @Test
  void anEnsembleAnswersTogether() throws Exception {
    Path run = folder.resolve("together");
    succeeds(
        predict(
            folder.resolve("new/test"),
            run,
            "ensemble-with=[%s]".formatted(folder.resolve("run")),
            "top=3"));
    try (Stream<Path> parts = Files.list(run.resolve("parts"))) {
      assertThat(parts).hasSize(5);
    }
    assertThat(labels(run, "parquet")).hasSize(PICTURES);
  }

  /** Spark's own count of the same answers. */
  @Test
  void evaluationsNumbersAreThoseOfSparksMetrics() {
    Path run = folder.resolve("evaluated");
    Jobs.succeed(
        "evaluate",
        "--set",
        "dataset=" + shapes,
        "--set",
        "members=[%s]".formatted(model),
        "--run",
        run.toString());
    Evaluation.Score score =
        Documents.read(Location.of(run + "/evaluation.json"), Evaluation.class).members().get(0);
    List<Double> spark =
        sql(
            session -> {
              MulticlassMetrics metrics =
                  new MulticlassMetrics(
                      session
                          .read()
                          .option("header", true)
                          .csv(run + "/predictions")
                          .selectExpr("cast(other as double)", "cast(label as double)"));
              List<Double> numbers = new ArrayList<>(List.of(metrics.accuracy()));
              for (double label : metrics.labels()) {
                numbers.add(metrics.recall(label));
                numbers.add(metrics.precision(label));
              }
              return numbers;
            });
    List<Double> ours = new ArrayList<>(List.of(1 - score.top1Error()));
    score
        .perClass()
        .forEach(
            one -> {
              ours.add(1 - one.top1Error());
              ours.add(one.precision());
            });
    assertThat(ours).hasSameSizeAs(spark);
    for (int i = 0; i < ours.size(); i++) {
      assertThat(ours.get(i)).isCloseTo(spark.get(i), offset(1e-12));
    }
  }

  @Test
  void whatDoesNotFitIsNamed() throws Exception {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    Jobs.Outcome nothing = predict(empty, folder.resolve("a"));
    assertThat(nothing.code()).isEqualTo(3);
    assertThat(nothing.errors())
        .isEqualTo(
            "error: Cannot list pictures in %s: there are no pictures, and no tars with some. Check source.path."
                .formatted(empty));
    Jobs.Outcome unknown = predict(folder.resolve("new"), folder.resolve("b"), "model=/nowhere");
    assertThat(unknown.code()).isEqualTo(3);
    assertThat(unknown.errors()).hasLineCount(1).startsWith("error: Cannot use model /nowhere");
    Path grey = folder.resolve("grey");
    Jobs.succeed(
        "partition",
        "--config",
        "conf/partition/demo.yaml",
        "--set",
        "source.path=" + folder.resolve("pictures"),
        "--set",
        "images.color=gray",
        "--set",
        "output=" + grey);
    Jobs.Outcome channels = predict(grey, folder.resolve("c"));
    assertThat(channels.code()).isEqualTo(3);
    assertThat(channels.errors())
        .hasLineCount(1)
        .contains("the data set has 1 channels, the model takes 3");
  }
}
