package convoy.registry;

import convoy.core.Checks;
import convoy.evaluate.PairedComparison;
import convoy.evaluate.PairedComparison.ClassPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * When a challenger takes the champion's place. All bounds have to hold.
 *
 * @param smallestGain in top-1 error, a fraction: 0.002 is 0.2 points; may be below 0
 * @param largestClassLoss that the recall of any class may fall by, a fraction
 * @param level that the p value of McNemar's exact test may have at most; 1 asks for nothing
 */
public record PromotionPolicy(double smallestGain, double largestClassLoss, double level) {
  public PromotionPolicy {
    new Checks()
        .within(-1, 1, "smallest-gain", smallestGain)
        .within(0, 1, "largest-class-loss", largestClassLoss)
        .within(0, 1, "level", level)
        .done();
  }

  /**
   * One bound.
   *
   * @param holds whether the value keeps it
   */
  public record Bound(String what, String value, String bound, boolean holds) {}

  /** Each bound, held or not. */
  List<Bound> bounds(PairedComparison comparison) {
    List<Bound> bounds = new ArrayList<>();
    bounds.add(
        new Bound(
            "gain in top-1 error",
            points(comparison.gain()),
            "at least " + points(smallestGain),
            comparison.gain() >= smallestGain));
    ClassPair worst = null;
    for (ClassPair pair : comparison.classes()) {
      if (pair.examples() > 0 && (worst == null || loss(pair) > loss(worst))) {
        worst = pair;
      }
    }
    if (worst != null) {
      bounds.add(
          new Bound(
              "largest loss of a class's recall",
              "%s (%s)".formatted(points(loss(worst)), worst.name()),
              "at most " + points(largestClassLoss),
              loss(worst) <= largestClassLoss));
    }
    bounds.add(
        new Bound(
            "p value of McNemar's exact test",
            String.format(Locale.ROOT, "%.4g", comparison.pValue()),
            "at most " + level,
            comparison.pValue() <= level));
    return bounds;
  }

  private static double loss(ClassPair pair) {
    return pair.firstRecall() - pair.secondRecall();
  }

  private static String points(double part) {
    return String.format(Locale.ROOT, "%.2f points", 100 * part);
  }
}
