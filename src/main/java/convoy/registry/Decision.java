package convoy.registry;

import convoy.evaluate.PairedComparison;
import java.util.List;
import java.util.Optional;

/**
 * Whether a version took the champion's place, and by what numbers; {@code decision.json}. A
 * version without it is not complete.
 *
 * @param champion that it was compared with; none for the first version
 * @param comparison on the frozen test split, champion first
 * @param newClasses that the champion did not know
 * @param time UTC
 */
public record Decision(
    int version,
    Optional<Integer> champion,
    boolean promoted,
    double testTop1Error,
    PromotionPolicy policy,
    List<PromotionPolicy.Bound> bounds,
    Optional<PairedComparison> comparison,
    List<String> newClasses,
    String time) {

  /** In one line. */
  public String words() {
    if (champion.isEmpty()) {
      return "Version %d is the first champion: test top-1 error %.2f %%."
          .formatted(version, 100 * testTop1Error);
    }
    List<String> broken =
        bounds.stream()
            .filter(bound -> !bound.holds())
            .map(bound -> "%s is %s, not %s".formatted(bound.what(), bound.value(), bound.bound()))
            .toList();
    String errors =
        "test top-1 error %.2f %% where version %d, the champion, has %.2f %%"
            .formatted(
                100 * testTop1Error,
                champion.get(),
                100 * comparison.map(PairedComparison::firstTop1Error).orElse(0.0));
    return promoted
        ? "Promoted version %d: %s, p = %.3g."
            .formatted(version, errors, comparison.map(PairedComparison::pValue).orElse(1.0))
        : "Kept the champion: version %d was refused, %s; %s."
            .formatted(version, errors, String.join("; ", broken));
  }
}
