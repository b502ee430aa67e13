package convoy.evaluate;

import convoy.core.Location;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two members' answers to the same examples. Errors and recalls are fractions.
 *
 * @param first name of the one that is there
 * @param second name of the one that may replace it
 * @param onlyFirstRight examples; the test is made of these and the next
 * @param pValue of McNemar's exact test (McNemar, 1947), two-sided: how often at least such a
 *     difference would come about if both were right equally often
 * @param classes in order of the labels
 * @param lost examples that only the first got right, the first of them
 * @param won examples that only the second got right, the first of them
 */
public record PairedComparison(
    String first,
    String second,
    long examples,
    double firstTop1Error,
    double secondTop1Error,
    long onlyFirstRight,
    long onlySecondRight,
    double pValue,
    List<ClassPair> classes,
    List<Change> lost,
    List<Change> won) {
  private static final int CHANGES_KEPT = 24;

  /** How one class fared. */
  public record ClassPair(String name, int examples, double firstRecall, double secondRecall) {}

  /** A picture that changed sides. */
  public record Change(int example, String label, String first, String second) {

    /** Where the picture is kept, from the folder of the comparison. */
    public String picture() {
      return "changed/%06d.png".formatted(example);
    }
  }

  /** What the second has more of the examples right, as a part of them. */
  public double gain() {
    return firstTop1Error - secondTop1Error;
  }

  /**
   * Compares the first two members of some predictions.
   *
   * @param predictions folder of {@link Predictor.Question#files}
   * @param names of classes, in order of the labels
   * @param answers to each example: of members and ensembles
   */
  public static PairedComparison of(
      Location predictions, String first, String second, List<String> names, int answers) {
    Counting counting = new Counting(names);
    Answers.forEach(predictions, answers, counting::add);
    return counting.comparison(first, second);
  }

  private static final class Counting {
    private final List<String> names;
    private final int[] examples;
    private final int[] firstRight;
    private final int[] secondRight;
    private final List<Change> lost = new ArrayList<>();
    private final List<Change> won = new ArrayList<>();
    private long onlyFirst;
    private long onlySecond;

    Counting(List<String> names) {
      this.names = names;
      examples = new int[names.size()];
      firstRight = new int[names.size()];
      secondRight = new int[names.size()];
    }

    void add(Answers.Answer answer) {
      int label = answer.label();
      int first = answer.first()[0];
      int second = answer.first()[1];
      examples[label]++;
      firstRight[label] += first == label ? 1 : 0;
      secondRight[label] += second == label ? 1 : 0;
      Change change = new Change(answer.example(), names.get(label), named(first), named(second));
      if (first == label && second != label) {
        onlyFirst++;
        keep(change, lost);
      } else if (first != label && second == label) {
        onlySecond++;
        keep(change, won);
      }
    }

    private String named(int answer) {
      return answer < 0 ? "nothing" : names.get(answer);
    }

    private static void keep(Change change, List<Change> changes) {
      if (changes.size() < CHANGES_KEPT) {
        changes.add(change);
      }
    }

    PairedComparison comparison(String first, String second) {
      long all = Arrays.stream(examples).asLongStream().sum();
      List<ClassPair> classes = new ArrayList<>();
      for (int c = 0; c < names.size(); c++) {
        double most = Math.max(1, examples[c]);
        classes.add(
            new ClassPair(names.get(c), examples[c], firstRight[c] / most, secondRight[c] / most));
      }
      return new PairedComparison(
          first,
          second,
          all,
          1 - Arrays.stream(firstRight).sum() / (double) all,
          1 - Arrays.stream(secondRight).sum() / (double) all,
          onlyFirst,
          onlySecond,
          Answers.mcNemar(onlyFirst, onlySecond),
          classes,
          lost,
          won);
    }
  }
}
