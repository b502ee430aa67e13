package convoy.report;

import convoy.core.Location;
import convoy.evaluate.Evaluation;
import convoy.evaluate.PairedComparison;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A page about a champion, its challenger and which of them is used from now on. */
public final class ComparisonReport {
  private ComparisonReport() {}

  /**
   * What was decided.
   *
   * @param bounds of the policy: what, value, bound, whether it holds
   * @param drops data that the challenger has seen
   */
  public record Verdict(
      boolean promoted,
      String words,
      List<List<String>> bounds,
      List<String> newClasses,
      List<String> drops) {}

  /**
   * Writes {@code report.html}.
   *
   * @param folder with the pictures that changed sides
   * @param comparison none for a first version
   */
  public static void write(
      Location folder,
      Verdict verdict,
      Evaluation evaluation,
      Optional<PairedComparison> comparison) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("promoted", verdict.promoted());
    page.put("words", verdict.words());
    page.put("bounds", verdict.bounds().stream().map(ComparisonReport::bound).toList());
    page.put("newClasses", String.join(", ", verdict.newClasses()));
    page.put("hasNewClasses", !verdict.newClasses().isEmpty());
    page.put("drops", verdict.drops().isEmpty() ? "none" : String.join(", ", verdict.drops()));
    page.put("examples", "%,d".formatted(evaluation.examples()));
    page.put("scores", evaluation.members().stream().map(ComparisonReport::score).toList());
    page.put(
        "comparison", comparison.stream().map(compared -> comparison(folder, compared)).toList());
    page.put("commit", evaluation.provenance().commit());
    page.put("time", evaluation.provenance().time());
    page.put("command", String.join(" ", evaluation.provenance().command()));
    folder.child("report.html").writeText(Pages.fill("comparison.html", page));
  }

  private static Map<String, Object> bound(List<String> bound) {
    return Map.of(
        "what", bound.get(0),
        "value", bound.get(1),
        "bound", bound.get(2),
        "state", bound.get(3));
  }

  private static Map<String, Object> score(Evaluation.Score score) {
    return Map.of(
        "name", score.name(),
        "top1", percent(score.top1Error()),
        "interval",
            "%s \u2013 %s"
                .formatted(
                    percent(score.top1Interval().get(0)), percent(score.top1Interval().get(1))),
        "loss", String.format(Locale.ROOT, "%.4f", score.loss()));
  }

  private static Map<String, Object> comparison(Location folder, PairedComparison compared) {
    return Map.of(
        "lostCount", compared.onlyFirstRight(),
        "wonCount", compared.onlySecondRight(),
        "p", String.format(Locale.ROOT, "%.4g", compared.pValue()),
        "chart", Pages.image(Charts.recalls(compared)),
        "classes",
            compared.classes().stream()
                .map(
                    pair ->
                        Map.of(
                            "name", pair.name(),
                            "examples", pair.examples(),
                            "first", percent(pair.firstRecall()),
                            "second", percent(pair.secondRecall()),
                            "change",
                                String.format(
                                    Locale.ROOT,
                                    "%+.2f",
                                    100 * (pair.secondRecall() - pair.firstRecall()))))
                .toList(),
        "lost", compared.lost().stream().map(change -> figure(folder, change)).toList(),
        "won", compared.won().stream().map(change -> figure(folder, change)).toList());
  }

  private static Map<String, Object> figure(Location folder, PairedComparison.Change change) {
    return Map.of(
        "image", Pages.image(folder.child(change.picture()).readBytes()),
        "label", change.label(),
        "first", change.first(),
        "second", change.second());
  }

  private static String percent(double part) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * part);
  }
}
