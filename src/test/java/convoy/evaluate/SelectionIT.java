package convoy.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.cluster.SparkContexts;
import convoy.core.Location;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ensembles of kept scores; members are drawn, no network is asked. */
class SelectionIT {
  private static final int EXAMPLES = 600;
  private static final List<String> MEMBERS = List.of("good", "other", "noise");
  @TempDir static Path folder;
  private static JavaSparkContext spark;
  private static Rescoring scores;

  /** Two members that are right where the other is not, and one that knows nothing. */
  @BeforeAll
  static void draw() {
    spark = SparkContexts.local("selection", 2);
    Random random = new Random(3);
    List<ScoreFile.Row> rows = new ArrayList<>();
    for (int i = 0; i < EXAMPLES; i++) {
      int label = random.nextInt(3);
      rows.add(
          new ScoreFile.Row(
              i,
              "picture, " + i,
              label,
              List.of(
                  answer(label, i % 4 != 0),
                  answer(label, i % 3 != 1),
                  answer(random.nextInt(3), true))));
    }
    Location place = Location.of(folder.toString());
    ScoreFile.write(place.child("part-00000.parquet"), MEMBERS, rows.subList(0, 400));
    ScoreFile.write(place.child("part-00001.parquet"), MEMBERS, rows.subList(400, EXAMPLES));
    scores = new Rescoring(spark, place, MEMBERS, 3, Duration.ofMinutes(1));
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  /** Far too sure of itself. */
  private static float[] answer(int label, boolean right) {
    float[] answer = {0.03f, 0.03f, 0.03f};
    answer[right ? label : (label + 1) % 3] = 0.94f;
    return answer;
  }

  @Test
  void scoresAreATableThatSparkReads() {
    Dataset<Row> table =
        SparkSession.builder()
            .sparkContext(spark.sc())
            .getOrCreate()
            .read()
            .parquet(folder.toUri().toString());
    assertThat(table.columns())
        .containsExactly("example", "name", "label", "good", "other", "noise");
    assertThat(table.count()).isEqualTo(EXAMPLES);
    Row first = table.where("example = 7").first();
    assertThat(first.getString(1)).isEqualTo("picture, 7");
    assertThat(first.<Float>getList(3)).hasSize(3);
  }

  @Test
  void membersThatHelpAreAddedAndOneThatKnowsNothingIsNot() {
    Ensemble greedy = Selection.greedy(scores);
    assertThat(greedy.weights().get(0)).isPositive();
    assertThat(greedy.weights().get(1)).isPositive();
    assertThat(greedy.weights().get(2)).isLessThan(0.15);
    assertThat(greedy.weights().stream().mapToDouble(w -> w).sum()).isCloseTo(1, within(1e-9));
    double together = scores.tallies(List.of(new Rescoring.Candidate(greedy, 1))).get(0).loss();
    double alone =
        scores
            .tallies(List.of(new Rescoring.Candidate(Ensemble.single("good", 0, 3), 1)))
            .get(0)
            .loss();
    assertThat(together).isLessThan(alone);
  }

  @Test
  void oneThatHasOverflowedSpoilsNoOther(@TempDir Path place) {
    float nan = Float.NaN;
    List<ScoreFile.Row> rows =
        List.of(
            new ScoreFile.Row(0, "a", 0, List.of(answer(0, true), new float[] {nan, nan, nan})),
            new ScoreFile.Row(1, "b", 1, List.of(answer(1, true), answer(1, true))));
    List<String> names = List.of("good", "overflowed");
    Location folder = Location.of(place.toString());
    ScoreFile.write(folder.child("part-00000.parquet"), names, rows);
    Rescoring some = new Rescoring(spark, folder, names, 3, Duration.ofMinutes(1));
    Ensemble greedy = Selection.greedy(some);
    assertThat(greedy.weights()).containsExactly(1.0, 0.0);
    Selection selection = Selection.bySplit("selection", some, List.of(greedy));
    assertThat(selection.winner()).isEqualTo("good");
    assertThat(selection.temperature()).isPresent();
  }

  @Test
  void theWinnerHasTheLowestErrorAndATemperatureThatFits() {
    Ensemble poor = new Ensemble("ensemble-poor", Combination.WEIGHTED, List.of(0.1, 0.1, 0.8));
    Selection selection = Selection.bySplit("selection", scores, List.of(poor));
    assertThat(selection.winner()).isEqualTo("good");
    assertThat(selection.baseline()).isEqualTo("good");
    // It is right in 75 of 100 and says 94: p to the power of 1/T has to be 0.75.
    double expected = Math.log(0.94 / 0.03) / Math.log(0.75 / 0.125);
    assertThat(selection.temperature().orElseThrow()).isCloseTo(expected, within(0.05));
    Tally after = selection.calibrated(scores, List.of(poor)).orElseThrow();
    assertThat(after.calibrationError()).isLessThan(0.02);
    assertThat(after.top1Error()).isCloseTo(0.25, within(1e-9));
  }
}
