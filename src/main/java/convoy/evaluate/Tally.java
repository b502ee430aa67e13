package convoy.evaluate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Counts over examples of how right probabilities were. Tallies of parts add up to the whole's. */
public final class Tally implements Serializable {
  private static final int TOP = 5;
  private static final int WORST_KEPT = 24;
  private static final int BINS = 15;
  private static final double SMALLEST_PROBABILITY = 1e-12;
  private static final int NO_ANSWER = -1;

  /**
   * A wrong answer.
   *
   * @param example number in the split
   * @param probability that the wrong class was given
   * @param ofLabel that the right one was given
   */
  public record WrongAnswer(
      int example, int label, int predicted, double probability, double ofLabel)
      implements Serializable {}

  /**
   * Answers of similar confidence.
   *
   * @param confidence mean probability of the answers
   * @param accuracy part of them that was right
   */
  public record Bin(long examples, double confidence, double accuracy) {}

  private final int classes;
  private final long[] classExamples;
  private long examples;
  private long unanswered;
  private long top1Errors;
  private long top5Errors;
  private double lossSum;
  private double brierSum;
  private final Map<Integer, Integer> confusion = new TreeMap<>();
  private final List<WrongAnswer> worst = new ArrayList<>();
  private final long[] binExamples = new long[BINS];
  private final long[] binRight = new long[BINS];
  private final double[] binConfidence = new double[BINS];

  public Tally(int classes) {
    this.classes = classes;
    classExamples = new long[classes];
  }

  /**
   * Counts one example. A class counts as above the label's only where its probability is larger,
   * or equal with a smaller number, so equal probabilities do not make an answer right. A network
   * that has overflowed has no answer: it is wrong, and takes the example for nothing.
   *
   * @param probabilities one value a class
   */
  public void add(int example, int label, float[] probabilities) {
    examples++;
    classExamples[label]++;
    lossSum -= Math.log(Math.max(probabilities[label], SMALLEST_PROBABILITY));
    for (int c = 0; c < classes; c++) {
      brierSum += Math.pow(probabilities[c] - (c == label ? 1 : 0), 2);
    }
    if (answer(probabilities) == NO_ANSWER) {
      unanswered++;
      top1Errors++;
      top5Errors++;
      return;
    }
    int above = 0;
    for (int c = 0; c < classes; c++) {
      boolean larger = probabilities[c] > probabilities[label];
      if (larger || probabilities[c] == probabilities[label] && c < label) {
        above++;
      }
    }
    top1Errors += above >= 1 ? 1 : 0;
    top5Errors += above >= TOP ? 1 : 0;
    answered(example, label, probabilities);
  }

  private void answered(int example, int label, float[] probabilities) {
    int predicted = first(probabilities);
    float confidence = probabilities[predicted];
    int bin = Math.max(0, Math.min(BINS - 1, (int) (confidence * BINS)));
    binExamples[bin]++;
    binRight[bin] += predicted == label ? 1 : 0;
    binConfidence[bin] += confidence;
    confusion.merge(label * classes + predicted, 1, Integer::sum);
    if (predicted != label) {
      worst.add(new WrongAnswer(example, label, predicted, confidence, probabilities[label]));
      if (worst.size() > 2 * WORST_KEPT) {
        keepWorst();
      }
    }
  }

  /** The class with the highest probability, the first of equals; -1 where they are no numbers. */
  static int answer(float[] probabilities) {
    for (float probability : probabilities) {
      if (!Float.isFinite(probability)) {
        return NO_ANSWER;
      }
    }
    return first(probabilities);
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
    unanswered += other.unanswered;
    top1Errors += other.top1Errors;
    top5Errors += other.top5Errors;
    lossSum += other.lossSum;
    brierSum += other.brierSum;
    Arrays.setAll(classExamples, c -> classExamples[c] + other.classExamples[c]);
    Arrays.setAll(binExamples, b -> binExamples[b] + other.binExamples[b]);
    Arrays.setAll(binRight, b -> binRight[b] + other.binRight[b]);
    Arrays.setAll(binConfidence, b -> binConfidence[b] + other.binConfidence[b]);
    other.confusion.forEach((cell, count) -> confusion.merge(cell, count, Integer::sum));
    worst.addAll(other.worst);
    keepWorst();
  }

  private void keepWorst() {
    worst.sort(
        Comparator.comparing(WrongAnswer::probability)
            .reversed()
            .thenComparing(WrongAnswer::example));
    if (worst.size() > WORST_KEPT) {
      worst.subList(WORST_KEPT, worst.size()).clear();
    }
  }

  public long examples() {
    return examples;
  }

  /** Examples whose probabilities are no numbers; all of them are errors. */
  public long unanswered() {
    return unanswered;
  }

  public long top1Errors() {
    return top1Errors;
  }

  public double top1Error() {
    return (double) top1Errors / examples;
  }

  /** Nothing where five are all classes. */
  public Optional<Double> top5Error() {
    return classes > TOP ? Optional.of((double) top5Errors / examples) : Optional.empty();
  }

  /** Mean cross entropy in nats. */
  public double loss() {
    return lossSum / examples;
  }

  /** Mean squared distance between probabilities and the truth, 0 to 2 (Brier, 1950). */
  public double brier() {
    return brierSum / examples;
  }

  /** Answers by their confidence, from 0 to 1 in equal steps. */
  public List<Bin> reliability() {
    return IntStream.range(0, BINS)
        .mapToObj(
            b -> {
              double count = Math.max(1, binExamples[b]);
              return new Bin(binExamples[b], binConfidence[b] / count, binRight[b] / count);
            })
        .toList();
  }

  /**
   * Expected calibration error: how far confidence and accuracy are apart, a mean over all answers
   * (Guo et al., 2017).
   */
  public double calibrationError() {
    double sum = 0;
    for (Bin bin : reliability()) {
      sum += bin.examples() * Math.abs(bin.confidence() - bin.accuracy());
    }
    return sum / examples;
  }

  /** Of each class. */
  public long[] classExamples() {
    return classExamples.clone();
  }

  /** Rows are true classes, columns predicted ones; examples without an answer are in none. */
  public int[][] confusion() {
    int[][] matrix = new int[classes][classes];
    confusion.forEach((cell, count) -> matrix[cell / classes][cell % classes] = count);
    return matrix;
  }

  /** The mistakes made with the most confidence. */
  public List<WrongAnswer> worst() {
    keepWorst();
    return List.copyOf(worst);
  }
}
