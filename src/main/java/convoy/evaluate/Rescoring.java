package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.core.Location;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

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
    List<Location> parts = folder.list().stream().map(Location.Entry::location).toList();
    List<String> names = List.copyOf(members);
    int known = classes;
    return Predictor.sum(
        ClusterJob.collect(
            spark,
            spark
                .parallelize(parts, parts.size())
                .map(part -> tallies(ScoreFile.read(part, names), candidates, known)),
            "the ensembles",
            deadline,
            done -> {}),
        known);
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
