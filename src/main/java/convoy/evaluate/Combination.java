package convoy.evaluate;

import java.util.List;

/** How the members of an ensemble become one answer. */
public enum Combination {
  /** Mean of the probabilities. */
  MEAN,
  /** Mean weighted by each member's validation accuracy. */
  WEIGHTED,
  /** Share of the members whose first choice a class is; ties go to the higher mean probability. */
  VOTE;

  /** Weight of the mean probability beside votes: never outweighs one, decides between equals. */
  private static final float TIE = 1e-3f;

  /**
   * @param probabilities of each member, one value a class
   * @param weights of each member, not all 0
   */
  float[] combine(List<float[]> probabilities, List<Double> weights) {
    int classes = probabilities.get(0).length;
    double[] sum = new double[classes];
    double total = 0;
    for (int m = 0; m < probabilities.size(); m++) {
      double weight = this == WEIGHTED ? weights.get(m) : 1;
      if (weight == 0) {
        // One that is left out has no say, not even if its answers are no numbers.
        continue;
      }
      total += weight;
      int first = this == VOTE ? Tally.first(probabilities.get(m)) : 0;
      for (int c = 0; c < classes; c++) {
        double share = probabilities.get(m)[c];
        if (this == VOTE) {
          share = ((c == first ? 1 : 0) + TIE * share) / (1 + TIE);
        }
        sum[c] += weight * share;
      }
    }
    float[] combined = new float[classes];
    for (int c = 0; c < classes; c++) {
      combined[c] = (float) (sum[c] / total);
    }
    return combined;
  }
}
