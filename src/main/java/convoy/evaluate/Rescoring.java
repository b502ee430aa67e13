package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.core.Location;
import java.io.Serializable;
import java.time.Duration;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * Ensembles of members whose scores were kept: no network is asked.
 *
 * @param folder of {@link Predictor.Question#scores}
 * @param members names, in the order of the ensembles' weights
 */
public record Rescoring(
    JavaSparkContext spark, Location folder, List<String> members, int classes, Duration deadline) {

  /**
   * An ensemble at a temperature: probabilities to the power of 1 / temperature, which is what
   * dividing the scores before a softmax comes to (Guo et al., 2017).
   */
  record Candidate(Ensemble ensemble, double temperature) implements Serializable {

    float[] answer(List<float[]> probabilities) {
      float[] answer = ensemble.answer(probabilities);
      if (temperature == 1) {
        return answer;
      }
      double sum = 0;
      double[] powers = new double[answer.length];
      for (int c = 0; c < answer.length; c++) {
        powers[c] = Math.pow(answer[c], 1 / temperature);
        sum += powers[c];
      }
      for (int c = 0; c < answer.length; c++) {
        answer[c] = (float) (powers[c] / sum);
      }
      return answer;
    }
  }

  /** A tally a candidate. */
  List<Tally> tallies(List<Candidate> candidates) {
    int known = classes;
    return Predictor.sum(ofParts("the ensembles", rows -> tallies(rows, candidates, known)), known);
  }

  /** What tasks make of the files of scores, one each. */
  private <T> List<T> ofParts(String what, Function<List<ScoreFile.Row>, T> work) {
    List<Location> parts = folder.list().stream().map(Location.Entry::location).toList();
    List<String> names = List.copyOf(members);
    return ClusterJob.collect(
        spark,
        spark.parallelize(parts, parts.size()).map(part -> work.call(ScoreFile.read(part, names))),
        what,
        deadline,
        done -> {});
  }

  /** What means of so many members' probabilities reach, over {@link Subsets}. */
  public List<Evaluation.BySize> bySize() {
    List<List<Integer>> subsets = Subsets.of(members.size());
    long examples = 0;
    long[] errors = new long[subsets.size()];
    for (Errors part : ofParts("ensembles of all sizes", rows -> errors(rows, subsets))) {
      examples += part.examples;
      for (int i = 0; i < errors.length; i++) {
        errors[i] += part.errors[i];
      }
    }
    double all = examples;
    return IntStream.rangeClosed(1, members.size())
        .mapToObj(
            size -> {
              DoubleSummaryStatistics some =
                  IntStream.range(0, errors.length)
                      .filter(i -> subsets.get(i).size() == size)
                      .mapToDouble(i -> errors[i] / all)
                      .summaryStatistics();
              return new Evaluation.BySize(
                  size, some.getCount(), some.getAverage(), some.getMin(), some.getMax());
            })
        .toList();
  }

  /** Of each subset. */
  private record Errors(int examples, long[] errors) implements Serializable {}

  private static Errors errors(List<ScoreFile.Row> rows, List<List<Integer>> subsets) {
    long[] errors = new long[subsets.size()];
    for (ScoreFile.Row row : rows) {
      for (int i = 0; i < errors.length; i++) {
        float[] sum = new float[row.probabilities().get(0).length];
        for (int member : subsets.get(i)) {
          float[] probabilities = row.probabilities().get(member);
          for (int c = 0; c < sum.length; c++) {
            sum[c] += probabilities[c];
          }
        }
        errors[i] += Tally.answer(sum) == row.label() ? 0 : 1;
      }
    }
    return new Errors(rows.size(), errors);
  }

  private static List<Tally> tallies(
      List<ScoreFile.Row> rows, List<Candidate> candidates, int classes) {
    return candidates.stream()
        .map(
            candidate -> {
              Tally tally = new Tally(classes);
              rows.forEach(
                  row ->
                      tally.add(row.example(), row.label(), candidate.answer(row.probabilities())));
              return tally;
            })
        .toList();
  }
}
