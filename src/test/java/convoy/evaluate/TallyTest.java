package convoy.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TallyTest {
  private static final List<String> CLASSES = List.of("a", "b", "c", "d", "e", "f", "g");

  @Test
  void ranksAndLossAreCounted() {
    Tally tally = new Tally(7);
    tally.add(0, 1, new float[] {0.1f, 0.4f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f});
    tally.add(1, 6, new float[] {0.3f, 0.2f, 0.15f, 0.12f, 0.1f, 0.08f, 0.05f});
    tally.add(2, 4, new float[] {0.3f, 0.2f, 0.15f, 0.12f, 0.1f, 0.08f, 0.05f});
    assertThat(tally.top1Error()).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(tally.top5Error().orElseThrow()).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(tally.loss())
        .isCloseTo(-(Math.log(0.4) + Math.log(0.05) + Math.log(0.1)) / 3, within(1e-6));
    assertThat(tally.worst()).extracting(Tally.WrongAnswer::example).containsExactly(1, 2);
  }

  @Test
  void aNetworkThatKnowsNothingIsNotRightByTies() {
    Tally tally = new Tally(7);
    for (int label = 0; label < 7; label++) {
      tally.add(label, label, new float[7]);
    }
    assertThat(tally.top1Error()).isCloseTo(6 / 7.0, within(1e-12));
  }

  @Test
  void aNetworkThatOverflowedIsWrong() {
    Tally tally = new Tally(7);
    float[] nothing = new float[7];
    java.util.Arrays.fill(nothing, Float.NaN);
    tally.add(0, 0, nothing);
    assertThat(tally.top1Error()).isEqualTo(1);
    assertThat(tally.top5Error()).contains(1.0);
    assertThat(tally.loss()).isNaN();
    assertThat(tally.unanswered()).isEqualTo(1);
    assertThat(tally.worst()).isEmpty();
    var score = Evaluation.score("x", Optional.empty(), tally, CLASSES, List.of(), List.of());
    assertThat(score.confusion()).isEmpty();
    assertThat(score.perClass().get(0)).isEqualTo(new Evaluation.ClassScore("a", 1, 1, 0, 0, 0));
  }

  @Test
  void fiveOfFiveClassesAreNoTop5() {
    Tally tally = new Tally(5);
    tally.add(0, 0, new float[] {0.1f, 0.3f, 0.2f, 0.2f, 0.2f});
    assertThat(tally.top5Error()).isEmpty();
  }

  @Test
  void calibrationIsTheDistanceOfConfidenceAndAccuracy() {
    Tally tally = new Tally(2);
    // Of four answers with a confidence of 0.9 three are right, the one with 0.6 is.
    for (int i = 0; i < 4; i++) {
      tally.add(i, i == 0 ? 1 : 0, new float[] {0.9f, 0.1f});
    }
    tally.add(4, 1, new float[] {0.4f, 0.6f});
    assertThat(tally.calibrationError()).isCloseTo((4 * 0.15 + 1 * 0.4) / 5, within(1e-6));
    assertThat(tally.brier()).isCloseTo((3 * 2 * 0.01 + 2 * 0.81 + 2 * 0.16) / 5, within(1e-6));
    assertThat(tally.reliability().get(13))
        .satisfies(bin -> assertThat(bin.accuracy()).isEqualTo(0.75))
        .satisfies(bin -> assertThat(bin.examples()).isEqualTo(4));
  }

  @Test
  void talliesOfPartsAddUp() {
    Tally whole = new Tally(7);
    Tally left = new Tally(7);
    Tally right = new Tally(7);
    java.util.Random random = new java.util.Random(1);
    for (int i = 0; i < 200; i++) {
      float[] probabilities = new float[7];
      for (int c = 0; c < 7; c++) {
        probabilities[c] = random.nextFloat();
      }
      int label = random.nextInt(7);
      whole.add(i, label, probabilities);
      (i < 77 ? left : right).add(i, label, probabilities);
    }
    left.add(right);
    assertThat(left.top1Errors()).isEqualTo(whole.top1Errors());
    assertThat(left.confusion()).isDeepEqualTo(whole.confusion());
    assertThat(left.worst()).isEqualTo(whole.worst());
  }

  @Test
  void intervalsAreWilsons() {
    Tally tally = new Tally(7);
    for (int i = 0; i < 100; i++) {
      float[] probabilities = new float[7];
      probabilities[i < 10 ? 1 : 0] = 1;
      tally.add(i, 0, probabilities);
    }
    var score = Evaluation.score("x", Optional.empty(), tally, CLASSES, List.of(), List.of());
    // 10 of 100, by the formula of Wilson (1927).
    assertThat(score.top1Interval().get(0)).isCloseTo(0.0552, within(1e-4));
    assertThat(score.top1Interval().get(1)).isCloseTo(0.1744, within(1e-4));
    assertThat(score.perClass().get(0).top1Error()).isCloseTo(0.1, within(1e-12));
    assertThat(score.perClass().get(0).recall()).isCloseTo(0.9, within(1e-12));
    assertThat(score.perClass().get(0).f1()).isCloseTo(1.8 / 1.9, within(1e-12));
  }

  @Test
  void ensemblesCombineByMeanWeightAndVote() {
    List<float[]> members =
        List.of(
            new float[] {0.9f, 0.1f, 0}, new float[] {0.4f, 0.6f, 0}, new float[] {0.4f, 0.6f, 0});
    assertThat(Combination.MEAN.combine(members, List.of(1.0, 1.0, 1.0))[0])
        .isCloseTo(1.7f / 3, within(1e-6f));
    assertThat(Combination.WEIGHTED.combine(members, List.of(0.1, 1.0, 1.0))[1])
        .isGreaterThan(0.5f);
    float[] vote = Combination.VOTE.combine(members, List.of(1.0, 1.0, 1.0));
    assertThat(vote[1]).isCloseTo(2 / 3f, within(2e-3f));
    assertThat(vote[0] + vote[1] + vote[2]).isCloseTo(1, within(1e-6f));
    float[] tie = Combination.VOTE.combine(members.subList(0, 2), List.of(1.0, 1.0));
    assertThat(tie[0]).isGreaterThan(tie[1]);
  }
}
