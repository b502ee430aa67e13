package convoy.evaluate;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Members that answer together.
 *
 * @param weights of all members that there are, at least 0, not all 0
 */
public record Ensemble(String name, Combination combination, List<Double> weights)
    implements Serializable {

  /** All members, weighted by their validation accuracies where that counts. */
  public static Ensemble of(Combination combination, List<Member> members) {
    return new Ensemble(
        name(combination), combination, members.stream().map(Member::weight).toList());
  }

  static String name(Combination combination) {
    return "ensemble-" + combination.name().toLowerCase(Locale.ROOT);
  }

  /** One member of some. */
  static Ensemble single(String name, int member, int members) {
    return new Ensemble(
        name,
        Combination.WEIGHTED,
        IntStream.range(0, members).mapToObj(i -> i == member ? 1.0 : 0.0).toList());
  }

  /** Members whose weight is not 0. */
  public long size() {
    return combination == Combination.WEIGHTED
        ? weights.stream().filter(weight -> weight > 0).count()
        : weights.size();
  }

  /**
   * @param probabilities of each member, one value a class
   */
  float[] answer(List<float[]> probabilities) {
    return combination.combine(probabilities, weights);
  }
}
