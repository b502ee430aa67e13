package convoy.evaluate;

import convoy.data.sources.SplitName;
import convoy.evaluate.Rescoring.Candidate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What was chosen, and by what: {@code selected-by} of an evaluation.
 *
 * @param split that decided; where members' own trainings did, it may be the one that is reported,
 *     and the rule says so
 * @param winner name of the member or ensemble
 * @param baseline name of the best single member, by the same rule
 * @param temperature that makes the winner's probabilities fit best; only where a split decided,
 *     and all of its probabilities were numbers
 */
public record Selection(
    String split, String rule, String winner, String baseline, Optional<Double> temperature) {
  static final String GREEDY = "ensemble-greedy";
  private static final int MOST_GREEDY_STEPS = 25;
  private static final double LARGEST_TEMPERATURE = 8;
  private static final int TEMPERATURES = 25;
  private static final Comparator<Tally> RULE =
      Comparator.comparing(Tally::top1Errors).thenComparing(Tally::loss);

  /**
   * By what members' own trainings said; no ensemble is among the candidates.
   *
   * @param reported split
   */
  public static Selection byTraining(List<Member> members, String reported) {
    Member best = members.get(0);
    for (Member member : members) {
      best = member.weight() > best.weight() ? member : best;
    }
    return new Selection(
        "each member's own validation",
        "the member with the lowest validation error in its training"
            + (reported.equals(SplitName.VALIDATION)
                ? " (which flatters errors on this same split)"
                : ""),
        best.name(),
        best.name(),
        Optional.empty());
  }

  /**
   * By a split: the lowest top-1 error, then the lowest loss, then the fewest members.
   *
   * @param scored ensembles that may win, beside single members
   */
  public static Selection bySplit(String split, Rescoring scores, List<Ensemble> scored) {
    List<String> names = scores.members();
    List<Ensemble> candidates =
        new ArrayList<>(
            IntStream.range(0, names.size())
                .mapToObj(m -> Ensemble.single(names.get(m), m, names.size()))
                .toList());
    int singles = candidates.size();
    candidates.addAll(scored);
    List<Tally> tallies = scores.tallies(plain(candidates));
    int winner = best(candidates, tallies, RULE);
    return new Selection(
        split,
        "the lowest top-1 error, then the lowest loss, then the fewest members",
        candidates.get(winner).name(),
        candidates.get(best(candidates.subList(0, singles), tallies, RULE)).name(),
        temperature(scores, candidates.get(winner)));
  }

  /**
   * The winner at its temperature, where it has one.
   *
   * @param scores of the split that is reported
   * @param ensembles that could win
   */
  public Optional<Tally> calibrated(Rescoring scores, List<Ensemble> ensembles) {
    List<String> names = scores.members();
    Ensemble chosen =
        ensembles.stream()
            .filter(ensemble -> ensemble.name().equals(winner))
            .findFirst()
            .orElseGet(() -> Ensemble.single(winner, names.indexOf(winner), names.size()));
    return temperature.map(t -> scores.tallies(List.of(new Candidate(chosen, t))).get(0));
  }

  private static List<Candidate> plain(List<Ensemble> ensembles) {
    return ensembles.stream().map(ensemble -> new Candidate(ensemble, 1)).toList();
  }

  /** Between equals the one of the fewest members. */
  private static int best(List<Ensemble> candidates, List<Tally> tallies, Comparator<Tally> rule) {
    return IntStream.range(0, candidates.size())
        .boxed()
        .min(
            Comparator.comparing((Integer i) -> tallies.get(i), rule)
                .thenComparing(i -> candidates.get(i).size()))
        .orElseThrow();
  }

  /**
   * Members added one after the other, each perhaps several times, as long as the loss falls
   * (Caruana et al., 2004): how often one was added is its weight. The loss decides, as the error
   * of a small split is the same for many.
   */
  public static Ensemble greedy(Rescoring scores) {
    int members = scores.members().size();
    double[] counts = new double[members];
    double reached = Double.POSITIVE_INFINITY;
    for (int step = 0; step < MOST_GREEDY_STEPS; step++) {
      List<Ensemble> candidates =
          IntStream.range(0, members).mapToObj(added -> greedy(counts, added)).toList();
      List<Tally> tallies = scores.tallies(plain(candidates));
      int best = best(candidates, tallies, Comparator.comparing(Tally::loss));
      // The first one counts even if all of them have overflowed somewhere.
      if (step > 0 && !(tallies.get(best).loss() < reached)) {
        break;
      }
      reached = tallies.get(best).loss();
      counts[best]++;
    }
    double sum = Arrays.stream(counts).sum();
    return new Ensemble(
        GREEDY, Combination.WEIGHTED, Arrays.stream(counts).mapToObj(c -> c / sum).toList());
  }

  private static Ensemble greedy(double[] counts, int added) {
    List<Double> weights =
        IntStream.range(0, counts.length).mapToObj(i -> counts[i] + (i == added ? 1 : 0)).toList();
    return new Ensemble(GREEDY, Combination.WEIGHTED, weights);
  }

  /**
   * The one of the lowest loss, of a coarse row, then of a fine one; none where it is no number.
   */
  private static Optional<Double> temperature(Rescoring scores, Ensemble ensemble) {
    double step = Math.pow(LARGEST_TEMPERATURE, 2.0 / (TEMPERATURES - 1));
    return temperature(scores, ensemble, 1, LARGEST_TEMPERATURE)
        .flatMap(coarse -> temperature(scores, ensemble, coarse, step));
  }

  private static Optional<Double> temperature(
      Rescoring scores, Ensemble ensemble, double middle, double factor) {
    List<Double> temperatures =
        IntStream.range(0, TEMPERATURES)
            .mapToObj(i -> middle * Math.pow(factor, 2.0 * i / (TEMPERATURES - 1) - 1))
            .toList();
    List<Tally> tallies =
        scores.tallies(temperatures.stream().map(t -> new Candidate(ensemble, t)).toList());
    return IntStream.range(0, TEMPERATURES)
        .boxed()
        .filter(i -> Double.isFinite(tallies.get(i).loss()))
        .min(Comparator.comparing(i -> tallies.get(i).loss()))
        .map(temperatures::get);
  }
}
