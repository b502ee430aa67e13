package convoy.evaluate;

import convoy.core.Location;
import convoy.core.Otherwise;
import convoy.core.Provenance;
import convoy.core.Secrets;
import convoy.data.pictures.ImageTransform;
import convoy.data.sources.LabelIndex;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;

/**
 * What members and ensembles reached on a split; {@code evaluation.json}. Errors are fractions.
 *
 * @param examples each scored exactly once
 * @param views of each picture at each of the scales, whose answers were averaged
 * @param scales of the views' sides, in parts of the members' own
 * @param classes human names, in order of the labels
 * @param selectedBy what is shown in detail, and why that
 * @param pairs each two of members and ensembles
 * @param gains of each ensemble over the best single member
 * @param bySize what the mean of so many members reaches
 * @param calibrated the winner's probabilities after the temperature that its selection found
 * @param confused what the winner takes for something else most often
 */
public record Evaluation(
    String dataset,
    String split,
    long examples,
    ImageTransform.Views views,
    @Otherwise("[1.0]") List<Double> scales,
    List<String> classes,
    List<Score> members,
    List<Score> ensembles,
    Selection selectedBy,
    List<Pair> pairs,
    List<Gain> gains,
    @Otherwise("[]") List<BySize> bySize,
    Optional<Calibrated> calibrated,
    List<Confused> confused,
    Provenance provenance) {
  private static final double CONFIDENCE = 0.95;
  private static final int CONFUSED_KEPT = 8;
  private static final int PICTURES_OF_CONFUSED = 4;

  /**
   * One member's or ensemble's result.
   *
   * @param top5Error nothing where there are no more than five classes
   * @param unanswered examples whose probabilities were no numbers; errors, all of them
   * @param loss mean cross entropy in nats
   * @param brier mean squared distance of the probabilities from the truth (Brier, 1950)
   * @param calibrationError how far confidence and accuracy are apart (Guo et al., 2017), a
   *     fraction
   * @param top1Interval the 95 % score interval of the error (Wilson, 1927)
   * @param weights of the members, of an ensemble
   * @param reliability answers by their confidence
   * @param perClass in order of the labels
   * @param confusion the cells above zero: true class, predicted class, count
   * @param worst the wrong answers with the highest probability
   * @param made nothing for ensembles
   * @param learningCurve of the run that made it; empty for ensembles and bare models
   */
  public record Score(
      String name,
      Optional<Made> made,
      double top1Error,
      Optional<Double> top5Error,
      long unanswered,
      double loss,
      double brier,
      double calibrationError,
      List<Double> top1Interval,
      List<Double> weights,
      List<Tally.Bin> reliability,
      List<ClassScore> perClass,
      List<List<Integer>> confusion,
      List<Mistake> worst,
      List<CurvePoint> learningCurve) {}

  /**
   * How one class fared.
   *
   * @param top1Error part of its examples that were given another class, or none
   * @param recall the rest
   * @param precision part of the examples given this class that are of it; 0 where none was
   * @param f1 harmonic mean of recall and precision
   */
  public record ClassScore(
      String name, long examples, double top1Error, double recall, double precision, double f1) {}

  /**
   * A wrong answer.
   *
   * @param probability that the wrong class was given
   * @param ofLabel that the right one was given
   * @param picture file beside the evaluation
   */
  public record Mistake(
      int example,
      String label,
      String predicted,
      double probability,
      double ofLabel,
      String picture) {}

  /**
   * Where a member comes from.
   *
   * @param model or run folder
   * @param learningCurve of the run; empty for a bare model
   * @param seconds of its training so far, without validations
   */
  public record Origin(String model, List<CurvePoint> learningCurve, double seconds) {

    /** The same training, whose model was brought to another place. */
    public Origin at(Location place) {
      return new Origin(place.uri(), learningCurve, seconds);
    }
  }

  /**
   * How a member was made.
   *
   * @param model or run folder
   * @param input channels, height, width
   * @param epochs of its run so far, like {@code seconds}, which are those of training; 0 for a
   *     bare model
   */
  public record Made(
      String model,
      String architecture,
      List<Integer> input,
      long seed,
      int epochs,
      double seconds) {

    private static Made of(Member member, Origin origin) {
      return new Made(
          Secrets.blanked(origin.model),
          member.network().architecture(),
          member.network().input(),
          member.network().seed(),
          origin.learningCurve.size(),
          origin.seconds);
    }
  }

  /** One epoch of a member's training. */
  public record CurvePoint(
      int epoch, double trainingLoss, double validationLoss, double validationTop1Error) {}

  /**
   * Two that answered the same examples.
   *
   * @param onlyFirstRight examples; the test is made of these and the next
   * @param pValue of McNemar's exact test, two-sided
   */
  public record Pair(
      String first, String second, long onlyFirstRight, long onlySecondRight, double pValue) {}

  /**
   * What an ensemble gets right more than a single member.
   *
   * @param gain part of the examples
   * @param interval 95 %, by the bootstrap
   */
  public record Gain(String ensemble, String baseline, double gain, List<Double> interval) {}

  /**
   * Ensembles of so many of the members, their probabilities averaged.
   *
   * @param subsets of the members that were tried: all, or some where there are many
   * @param meanTop1Error over them, like the next two
   */
  public record BySize(
      int members,
      long subsets,
      double meanTop1Error,
      double lowestTop1Error,
      double highestTop1Error) {}

  /** Probabilities to the power of 1 / temperature. */
  public record Calibrated(
      double temperature, double loss, double calibrationError, List<Tally.Bin> reliability) {}

  /**
   * Examples of one class that were taken for another.
   *
   * @param shown the first of them, whose pictures are at {@link #picturePath}
   */
  public record Confused(String label, String predicted, int examples, List<Integer> shown) {}

  /**
   * The evaluation of what members and their ensembles said about a split.
   *
   * @param labels of the data set
   * @param question with one folder of files
   * @param tallies of members, then of ensembles
   * @param origins of members
   * @param bySize empty for one member
   * @param calibrated the winner's tally at its temperature
   */
  public static Evaluation of(
      String dataset,
      String split,
      LabelIndex labels,
      Predictor.Question question,
      List<Tally> tallies,
      List<Origin> origins,
      Selection selectedBy,
      List<BySize> bySize,
      Optional<Tally> calibrated,
      Provenance provenance) {
    List<String> classes = labels.humanNames();
    List<Score> scores = new ArrayList<>();
    for (Member member : question.members()) {
      Origin origin = origins.get(scores.size());
      scores.add(
          score(
              member.name(),
              Optional.of(Made.of(member, origin)),
              tallies.get(scores.size()),
              classes,
              List.of(),
              origin.learningCurve));
    }
    List<Score> ensembles = new ArrayList<>();
    for (Ensemble ensemble : question.ensembles()) {
      Tally tally = tallies.get(scores.size() + ensembles.size());
      List<Double> weights =
          ensemble.combination() == Combination.WEIGHTED ? ensemble.weights() : List.of();
      ensembles.add(score(ensemble.name(), Optional.empty(), tally, classes, weights, List.of()));
    }
    List<String> names = question.names();
    Answers answers = Answers.read(question.files().get(0), names.size());
    int winner = names.indexOf(selectedBy.winner());
    return new Evaluation(
        dataset,
        split,
        tallies.get(0).examples(),
        question.views().views(),
        question.views().scales(),
        classes,
        scores,
        ensembles,
        selectedBy,
        answers.pairs(names),
        IntStream.range(scores.size(), names.size())
            .mapToObj(e -> answers.gain(names, names.indexOf(selectedBy.baseline()), e))
            .toList(),
        bySize,
        calibrated.map(tally -> calibrated(selectedBy, tally)),
        confused(tallies.get(winner), winner, answers, classes),
        provenance);
  }

  private static Calibrated calibrated(Selection selectedBy, Tally tally) {
    return new Calibrated(
        selectedBy.temperature().orElseThrow(),
        tally.loss(),
        tally.calibrationError(),
        tally.reliability());
  }

  private static List<Confused> confused(
      Tally tally, int winner, Answers answers, List<String> classes) {
    return cells(tally.confusion()).stream()
        .filter(cell -> !cell.get(0).equals(cell.get(1)))
        .sorted(Comparator.comparing((List<Integer> cell) -> cell.get(2)).reversed())
        .limit(CONFUSED_KEPT)
        .map(
            cell ->
                new Confused(
                    classes.get(cell.get(0)),
                    classes.get(cell.get(1)),
                    cell.get(2),
                    answers.taken(winner, cell.get(0), cell.get(1), PICTURES_OF_CONFUSED)))
        .toList();
  }

  /** The score of a tally. */
  static Score score(
      String name,
      Optional<Made> made,
      Tally tally,
      List<String> classes,
      List<Double> weights,
      List<CurvePoint> learningCurve) {
    int[][] confusion = tally.confusion();
    return new Score(
        name,
        made,
        tally.top1Error(),
        tally.top5Error(),
        tally.unanswered(),
        tally.loss(),
        tally.brier(),
        tally.calibrationError(),
        interval(tally.examples(), tally.top1Errors()),
        weights,
        tally.reliability(),
        perClass(confusion, tally.classExamples(), classes),
        cells(confusion),
        tally.worst().stream().map(mistake -> describe(mistake, classes)).toList(),
        learningCurve);
  }

  /** Where the picture of an example is kept, from the evaluation's folder. */
  public static String picturePath(int example) {
    return "mistakes/%06d.png".formatted(example);
  }

  private static Mistake describe(Tally.WrongAnswer mistake, List<String> classes) {
    return new Mistake(
        mistake.example(),
        classes.get(mistake.label()),
        classes.get(mistake.predicted()),
        mistake.probability(),
        mistake.ofLabel(),
        picturePath(mistake.example()));
  }

  private static List<Double> interval(long trials, long errors) {
    ConfidenceInterval interval =
        new WilsonScoreInterval()
            .createInterval(Math.toIntExact(trials), Math.toIntExact(errors), CONFIDENCE);
    return List.of(Math.max(0, interval.getLowerBound()), Math.min(1, interval.getUpperBound()));
  }

  private static List<ClassScore> perClass(
      int[][] confusion, long[] classExamples, List<String> classes) {
    List<ClassScore> scores = new ArrayList<>();
    for (int c = 0; c < confusion.length; c++) {
      int predicted = 0;
      for (int[] row : confusion) {
        predicted += row[c];
      }
      double right = confusion[c][c];
      double recall = classExamples[c] == 0 ? 0 : right / classExamples[c];
      double precision = predicted == 0 ? 0 : right / predicted;
      scores.add(
          new ClassScore(
              classes.get(c),
              classExamples[c],
              classExamples[c] == 0 ? 0 : 1 - recall,
              recall,
              precision,
              right == 0 ? 0 : 2 * recall * precision / (recall + precision)));
    }
    return scores;
  }

  private static List<List<Integer>> cells(int[][] confusion) {
    List<List<Integer>> cells = new ArrayList<>();
    for (int row = 0; row < confusion.length; row++) {
      for (int column = 0; column < confusion.length; column++) {
        if (confusion[row][column] > 0) {
          cells.add(List.of(row, column, confusion[row][column]));
        }
      }
    }
    return cells;
  }

  /** Members, then ensembles. */
  public List<Score> all() {
    List<Score> all = new ArrayList<>(members);
    all.addAll(ensembles);
    return all;
  }

  /** What was selected. */
  public Score winner() {
    return all().stream()
        .filter(score -> score.name().equals(selectedBy.winner()))
        .findFirst()
        .orElseThrow();
  }

  /** Examples whose pictures are shown. */
  public Set<Integer> shown() {
    Set<Integer> shown = new TreeSet<>();
    winner().worst().forEach(mistake -> shown.add(mistake.example()));
    confused.forEach(pair -> shown.addAll(pair.shown()));
    return shown;
  }
}
