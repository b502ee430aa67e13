package convoy.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import convoy.core.Location;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswersTest {
  private static final List<String> NAMES = List.of("one", "two");

  /** Of 200 examples both are right in 100, only the first in 20, only the second in 50. */
  private static Answers answers(Path folder) throws Exception {
    StringBuilder lines = new StringBuilder("example,name,label,one,one-probability,two,two-p\n");
    for (int i = 0; i < 200; i++) {
      int one = i < 120 ? 1 : 2;
      int two = i < 100 || i >= 120 && i < 170 ? 1 : 0;
      lines.append("%d,\"a, b\",1,%d,0.5,%d,0.5\n".formatted(i, one, two));
    }
    Files.writeString(folder.resolve("part-00000.csv"), lines);
    return Answers.read(Location.of(folder.toString()), 2);
  }

  @Test
  void eachTwoAreComparedByWhatOnlyOneGotRight(@TempDir Path folder) throws Exception {
    List<Evaluation.Pair> pairs = answers(folder).pairs(NAMES);
    assertThat(pairs).hasSize(1);
    assertThat(pairs.get(0).onlyFirstRight()).isEqualTo(20);
    assertThat(pairs.get(0).onlySecondRight()).isEqualTo(50);
    // Two-sided binomial test of 20 of 70.
    assertThat(pairs.get(0).pValue()).isCloseTo(4.4e-4, within(5e-5));
  }

  /** Against exact sums of binomial coefficients. */
  @Test
  void smallProbabilitiesAreNotRoundedAway() {
    assertThat(Answers.mcNemar(4, 158)).isCloseTo(9.700859470737601e-42, withinPercentage(1e-6));
    assertThat(Answers.mcNemar(27, 3)).isCloseTo(8.430331945419312e-06, withinPercentage(1e-6));
    assertThat(Answers.mcNemar(5, 5)).isEqualTo(1);
    assertThat(Answers.mcNemar(0, 0)).isEqualTo(1);
    assertThat(Answers.mcNemar(0, 1)).isEqualTo(1);
  }

  @Test
  void aGainHasItsBootstrapInterval(@TempDir Path folder) throws Exception {
    Evaluation.Gain gain = answers(folder).gain(NAMES, 0, 1);
    assertThat(gain.gain()).isCloseTo(0.15, within(1e-12));
    // The standard error of a paired difference is sqrt((b + c - (b - c)^2 / n)) / n = 0.0405.
    assertThat(gain.interval().get(0)).isCloseTo(0.15 - 1.96 * 0.0405, within(0.01));
    assertThat(gain.interval().get(1)).isCloseTo(0.15 + 1.96 * 0.0405, within(0.01));
  }

  @Test
  void noAnswerIsNotRight(@TempDir Path folder) throws Exception {
    Files.writeString(
        folder.resolve("part-00000.csv"), "head\n0,\"a\",0,-1,NaN,0,0.5\n1,\"b\",0,0,0.5,0,0.5\n");
    Evaluation.Pair pair = Answers.read(Location.of(folder.toString()), 2).pairs(NAMES).get(0);
    assertThat(pair.onlySecondRight()).isEqualTo(1);
    assertThat(Tally.answer(new float[] {Float.NaN, 1})).isEqualTo(-1);
  }

  @Test
  void whatWasTakenForSomethingElseIsFound(@TempDir Path folder) throws Exception {
    assertThat(answers(folder).taken(1, 1, 0, 3)).containsExactly(100, 101, 102);
  }
}
