package convoy.evaluate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts over examples of how right probabilities were. Tallies of parts add up to the whole's. */
public final class Tally implements Serializable {
  private static final int TOP = 5;
  private static final int WORST_KEPT = 24;
  private static final double SMALLEST_PROBABILITY = 1e-12;

  /**
   * A wrong answer.
   *
   * @param example number in the split
   * @param probability that the wrong class was given
   */
  public record Mistake(int example, int label, int predicted, double probability)
      implements Serializable {}

  private final int classes;
  private long examples;
  private long top1Errors;
  private long top5Errors;
  private double lossSum;
  private final Map<Integer, Integer> confusion = new TreeMap<>();
  private final List<Mistake> worst = new ArrayList<>();

  public Tally(int classes) {
    this.classes = classes;
  }

  /**
   * Counts one example. A class counts as above the label's only where its probability is larger,
   * or equal with a smaller number, so equal probabilities do not make an answer right.
   *
   * @param probabilities one value a class
   */
  public void add(int example, int label, float[] probabilities) {
    int predicted = first(probabilities);
    // A network that has overflowed is wrong about everything.
    int above = Float.isFinite(probabilities[label]) ? 0 : classes;
    for (int c = 0; c < classes; c++) {
      boolean larger = probabilities[c] > probabilities[label];
      if (larger || probabilities[c] == probabilities[label] && c < label) {
        above++;
      }
    }
    examples++;
    top1Errors += above >= 1 ? 1 : 0;
    top5Errors += above >= TOP ? 1 : 0;
    lossSum -= Math.log(Math.max(probabilities[label], SMALLEST_PROBABILITY));
    confusion.merge(label * classes + predicted, 1, Integer::sum);
    if (predicted != label) {
      worst.add(new Mistake(example, label, predicted, probabilities[predicted]));
      if (worst.size() > 2 * WORST_KEPT) {
        keepWorst();
      }
    }
  }

  /** The class with the highest probability, the first of equals. */
  static int first(float[] probabilities) {
    int first = 0;
    for (int c = 1; c < probabilities.length; c++) {
      first = probabilities[c] > probabilities[first] ? c : first;
    }
    return first;
  }

  public void add(Tally other) {
    examples += other.examples;
    top1Errors += other.top1Errors;
    top5Errors += other.top5Errors;
    lossSum += other.lossSum;
    other.confusion.forEach((cell, count) -> confusion.merge(cell, count, Integer::sum));
    worst.addAll(other.worst);
    keepWorst();
  }

  private void keepWorst() {
    worst.sort(
        Comparator.comparing(Mistake::probability).reversed().thenComparing(Mistake::example));
    if (worst.size() > WORST_KEPT) {
      worst.subList(WORST_KEPT, worst.size()).clear();
    }
  }

  public long examples() {
    return examples;
  }

  public long top1Errors() {
    return top1Errors;
  }

  public double top1Error() {
    return (double) top1Errors / examples;
  }

  public double top5Error() {
    return (double) top5Errors / examples;
  }

  public long top5Errors() {
    return top5Errors;
  }

  /** Mean cross entropy in nats. */
  public double loss() {
    return lossSum / examples;
  }

  /** Rows are true classes, columns predicted ones. */
  public int[][] confusion() {
    int[][] matrix = new int[classes][classes];
    confusion.forEach((cell, count) -> matrix[cell / classes][cell % classes] = count);
    return matrix;
  }

  /** The mistakes made with the most confidence. */
  public List<Mistake> worst() {
    keepWorst();
    return List.copyOf(worst);
  }
}
