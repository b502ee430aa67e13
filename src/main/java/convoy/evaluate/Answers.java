package convoy.evaluate;

import convoy.core.Location;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BinomialDistribution;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;
import org.apache.commons.math3.special.Beta;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/** First choices of members and ensembles for each example of a split, as their files have them. */
final class Answers {
  private static final int RESAMPLINGS = 2000;
  private static final double TAIL_PERCENT = 2.5;
  private final List<Answer> rows = new ArrayList<>();

  /**
   * One example's.
   *
   * @param first choices, of members, then of ensembles; -1 for none
   */
  record Answer(int example, int label, int[] first) {
    boolean isRight(int who) {
      return first[who] == label;
    }
  }

  private Answers() {}

  /**
   * @param folder of {@link Predictor.Question#files}
   * @param names of who answered
   */
  static Answers read(Location folder, int names) {
    Answers answers = new Answers();
    forEach(folder, names, answers.rows::add);
    return answers;
  }

  static void forEach(Location folder, int names, Consumer<Answer> consumer) {
    for (Location.Entry part : folder.list()) {
      part.location().readText().lines().skip(1).forEach(l -> consumer.accept(parse(l, names)));
    }
  }

  /** Of a line {@code example,"name",label,first,probability,first,probability,...}. */
  private static Answer parse(String line, int names) {
    // A name may have commas in it.
    String[] fields = line.split(",");
    int at = fields.length - 1 - 2 * names;
    return new Answer(
        Integer.parseInt(fields[0]),
        Integer.parseInt(fields[at]),
        IntStream.range(0, names).map(i -> Integer.parseInt(fields[at + 1 + 2 * i])).toArray());
  }

  /** How many examples only the first of two got right. */
  private long onlyRight(int first, int second) {
    return rows.stream().filter(row -> row.isRight(first) && !row.isRight(second)).count();
  }

  /** Each two of those who answered. */
  List<Evaluation.Pair> pairs(List<String> names) {
    List<Evaluation.Pair> pairs = new ArrayList<>();
    for (int a = 0; a < names.size(); a++) {
      for (int b = a + 1; b < names.size(); b++) {
        long first = onlyRight(a, b);
        long second = onlyRight(b, a);
        pairs.add(
            new Evaluation.Pair(names.get(a), names.get(b), first, second, mcNemar(first, second)));
      }
    }
    return pairs;
  }

  /**
   * McNemar's exact test (McNemar, 1947), two-sided.
   *
   * @param onlyFirst examples that only the first of two got right
   */
  static double mcNemar(long onlyFirst, long onlySecond) {
    double fewer = Math.min(onlyFirst, onlySecond);
    double more = Math.max(onlyFirst, onlySecond);
    // The lower tail itself: commons-math's BinomialDistribution has 1 less the upper one, which is
    // 0
    // for all that is smaller than a rounding error.
    return more == fewer ? 1 : Math.min(1, 2 * Beta.regularizedBeta(0.5, more, fewer + 1));
  }

  /**
   * What one gets right more than another, as a part of the examples, with an interval from drawing
   * as many examples again and again from those that there are (Efron, 1979).
   */
  Evaluation.Gain gain(List<String> names, int baseline, int better) {
    int examples = rows.size();
    int lost = Math.toIntExact(onlyRight(baseline, better));
    int won = Math.toIntExact(onlyRight(better, baseline));
    RandomGenerator random = new Well19937c(1);
    BinomialDistribution losses =
        new BinomialDistribution(random, examples, (double) lost / examples);
    double[] gains = new double[RESAMPLINGS];
    for (int i = 0; i < RESAMPLINGS; i++) {
      // Drawing examples is drawing how many of them are of each kind.
      int drawnLost = losses.sample();
      double part = examples == lost ? 0 : (double) won / (examples - lost);
      int drawnWon = new BinomialDistribution(random, examples - drawnLost, part).sample();
      gains[i] = (double) (drawnWon - drawnLost) / examples;
    }
    Percentile percentile = new Percentile();
    percentile.setData(gains);
    return new Evaluation.Gain(
        names.get(better),
        names.get(baseline),
        (double) (won - lost) / examples,
        List.of(percentile.evaluate(TAIL_PERCENT), percentile.evaluate(100 - TAIL_PERCENT)));
  }

  /** The first examples of a class that one of those who answered took for another. */
  List<Integer> taken(int who, int label, int predicted, int most) {
    return rows.stream()
        .filter(row -> row.label == label && row.first[who] == predicted)
        .limit(most)
        .map(Answer::example)
        .toList();
  }
}
