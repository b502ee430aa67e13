package convoy.report;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.evaluate.Evaluation;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An evaluation as files: {@code summary.csv} for tables, {@code report.html} for people. The page
 * is one file that needs no other; it is drawn from the evaluation and the pictures beside it.
 */
public final class EvaluationReport {
  private static final int MISTAKES_SHOWN = 24;

  private EvaluationReport() {}

  /** Writes the evaluation and its report into a folder; the report last. */
  public static void write(Location folder, Evaluation evaluation) {
    folder.child("evaluation.json").writeText(Documents.toJson(evaluation));
    folder.child("summary.csv").writeText(summary(evaluation));
    folder.child("report.html").writeText(html(folder, evaluation));
  }

  private static String summary(Evaluation evaluation) {
    StringBuilder csv =
        new StringBuilder("name,examples,top1-error,top1-low,top1-high,top5-error,loss\n");
    for (Evaluation.Score score : evaluation.all()) {
      csv.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%.6f,%.6f,%.6f,%.6f,%.6f%n",
              score.name(),
              evaluation.examples(),
              score.top1Error(),
              score.top1Interval().get(0),
              score.top1Interval().get(1),
              score.top5Error(),
              score.loss()));
    }
    return csv.toString();
  }

  private static String html(Location folder, Evaluation evaluation) {
    Evaluation.Score best = evaluation.best();
    List<Evaluation.Score> trained =
        evaluation.members().stream().filter(member -> !member.learningCurve().isEmpty()).toList();
    Map<String, Object> page =
        Map.ofEntries(
            Map.entry("dataset", evaluation.dataset()),
            Map.entry("split", evaluation.split()),
            Map.entry("examples", "%,d".formatted(evaluation.examples())),
            Map.entry("classes", evaluation.classes().size()),
            Map.entry("rows", evaluation.all().stream().map(score -> row(score, best)).toList()),
            Map.entry("best", best.name()),
            Map.entry("confusion", Pages.image(Charts.confusion(best, evaluation.classes()))),
            Map.entry("classErrors", Pages.image(Charts.classErrors(best))),
            Map.entry("perClass", best.perClass().stream().map(EvaluationReport::row).toList()),
            Map.entry(
                "curves",
                trained.isEmpty()
                    ? List.of()
                    : List.of(
                        Pages.image(Charts.validationError(trained)),
                        Pages.image(Charts.trainingLoss(trained)))),
            Map.entry(
                "mistakes",
                best.worst().stream()
                    .limit(MISTAKES_SHOWN)
                    .map(mistake -> figure(folder, mistake))
                    .toList()),
            Map.entry("commit", evaluation.provenance().commit()),
            Map.entry("time", evaluation.provenance().time()),
            Map.entry("command", String.join(" ", evaluation.provenance().command())));
    return Pages.fill("evaluation.html", page);
  }

  private static Map<String, Object> row(Evaluation.Score score, Evaluation.Score best) {
    return Map.of(
        "name", score.name(),
        "emphasis", score.equals(best) ? "best" : "",
        "top1", percent(score.top1Error()),
        "interval",
            "%s \u2013 %s"
                .formatted(
                    percent(score.top1Interval().get(0)), percent(score.top1Interval().get(1))),
        "top5", percent(score.top5Error()),
        "loss", String.format(Locale.ROOT, "%.4f", score.loss()));
  }

  private static Map<String, Object> row(Evaluation.ClassScore score) {
    return Map.of(
        "name", score.name(),
        "examples", score.examples(),
        "error", percent(score.top1Error()),
        "precision", percent(score.precision()));
  }

  private static Map<String, Object> figure(Location folder, Evaluation.Mistake mistake) {
    return Map.of(
        "image", Pages.image(folder.child(mistake.picture()).readBytes()),
        "label", mistake.label(),
        "predicted", mistake.predicted(),
        "probability", percent(mistake.probability()));
  }

  private static String percent(double part) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * part);
  }
}
