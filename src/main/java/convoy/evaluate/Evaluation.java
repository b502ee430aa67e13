package convoy.evaluate;

import convoy.core.Provenance;
import convoy.data.sources.LabelIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.WilsonScoreInterval;

/**
 * What members and ensembles reached on a split; {@code evaluation.json}. Errors are fractions.
 *
 * @param examples each scored exactly once
 * @param classes human names, in order of the labels
 */
public record Evaluation(
    String dataset,
    String split,
    long examples,
    List<String> classes,
    List<Score> members,
    List<Score> ensembles,
    Provenance provenance) {
  private static final double CONFIDENCE = 0.95;

  /**
   * One member's or ensemble's result.
   *
   * @param loss mean cross entropy in nats
   * @param top1Interval the 95 % score interval of the error (Wilson, 1927), as is the next
   * @param perClass in order of the labels
   * @param confusion the cells above zero: true class, predicted class, count
   * @param worst the wrong answers with the highest probability
   * @param learningCurve of the run that made it; empty for ensembles and bare models
   */
  public record Score(
      String name,
      double top1Error,
      double top5Error,
      double loss,
      List<Double> top1Interval,
      List<Double> top5Interval,
      List<ClassScore> perClass,
      List<List<Integer>> confusion,
      List<Mistake> worst,
      List<CurvePoint> learningCurve) {}

  /**
   * How one class fared.
   *
   * @param top1Error part of its examples that were given another class
   * @param precision part of the examples given this class that are of it; 0 where none was
   */
  public record ClassScore(String name, int examples, double top1Error, double precision) {}

  /**
   * A wrong answer.
   *
   * @param picture file beside the evaluation
   */
  public record Mistake(
      int example, String label, String predicted, double probability, String picture) {}

  /** One epoch of a member's training. */
  public record CurvePoint(
      int epoch, double trainingLoss, double validationLoss, double validationTop1Error) {}

  /**
   * The evaluation of what members and their combinations said about a split.
   *
   * @param labels of the data set
   * @param tallies of members, then of combinations
   * @param learningCurves of members; empty lists where there is none
   */
  public static Evaluation of(
      String dataset,
      String split,
      LabelIndex labels,
      Predictor.Question question,
      List<Tally> tallies,
      List<List<CurvePoint>> learningCurves,
      Provenance provenance) {
    List<String> classes = labels.humanNames();
    List<Score> scores = new ArrayList<>();
    for (Member member : question.members()) {
      int i = scores.size();
      scores.add(score(member.name(), tallies.get(i), classes, learningCurves.get(i)));
    }
    List<Score> ensembles = new ArrayList<>();
    for (Combination combination : question.combinations()) {
      ensembles.add(
          score(
              "ensemble-" + combination.name().toLowerCase(Locale.ROOT),
              tallies.get(scores.size() + ensembles.size()),
              classes,
              List.of()));
    }
    return new Evaluation(
        dataset, split, tallies.get(0).examples(), classes, scores, ensembles, provenance);
  }

  /** The score of a tally. */
  public static Score score(
      String name, Tally tally, List<String> classes, List<CurvePoint> learningCurve) {
    int[][] confusion = tally.confusion();
    return new Score(
        name,
        tally.top1Error(),
        tally.top5Error(),
        tally.loss(),
        interval(tally.examples(), tally.top1Errors()),
        interval(tally.examples(), tally.top5Errors()),
        perClass(confusion, classes),
        cells(confusion),
        tally.worst().stream().map(mistake -> describe(mistake, classes)).toList(),
        learningCurve);
  }

  /** Where the picture of an example is kept, from the evaluation's folder. */
  public static String picturePath(int example) {
    return "mistakes/%06d.png".formatted(example);
  }

  private static Mistake describe(Tally.Mistake mistake, List<String> classes) {
    return new Mistake(
        mistake.example(),
        classes.get(mistake.label()),
        classes.get(mistake.predicted()),
        mistake.probability(),
        picturePath(mistake.example()));
  }

  private static List<Double> interval(long trials, long errors) {
    ConfidenceInterval interval =
        new WilsonScoreInterval()
            .createInterval(Math.toIntExact(trials), Math.toIntExact(errors), CONFIDENCE);
    return List.of(Math.max(0, interval.getLowerBound()), Math.min(1, interval.getUpperBound()));
  }

  private static List<ClassScore> perClass(int[][] confusion, List<String> classes) {
    List<ClassScore> scores = new ArrayList<>();
    for (int c = 0; c < confusion.length; c++) {
      int examples = 0;
      int predicted = 0;
      for (int other = 0; other < confusion.length; other++) {
        examples += confusion[c][other];
        predicted += confusion[other][c];
      }
      double right = confusion[c][c];
      scores.add(
          new ClassScore(
              classes.get(c),
              examples,
              examples == 0 ? 0 : 1 - right / examples,
              predicted == 0 ? 0 : right / predicted));
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

  /** The first of the lowest top-1 error. */
  public Score best() {
    Score best = members.get(0);
    for (Score score : all()) {
      best = score.top1Error() < best.top1Error() ? score : best;
    }
    return best;
  }
}
