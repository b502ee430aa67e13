package convoy.report;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.evaluate.Evaluation;
import convoy.evaluate.Tally;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.lang3.time.DurationFormatUtils;

/**
 * An evaluation as files: {@code summary.csv} for tables, {@code report.html} for people. The page
 * is one file that needs no other; it is drawn from the evaluation and the pictures beside it.
 */
public final class EvaluationReport {
  private EvaluationReport() {}

  private record Curve(String name, List<Evaluation.CurvePoint> points) {}

  /** What the page's script draws: of a thousand classes and ten members all would be megabytes. */
  private record Data(
      List<String> classes,
      List<Curve> members,
      List<Tally.Bin> reliability,
      List<Long> examples,
      List<List<Integer>> confusion,
      List<Evaluation.BySize> bySize,
      Optional<List<Tally.Bin>> calibrated) {}

  /** Writes the evaluation and its report into a folder; the report last. */
  public static void write(Location folder, Evaluation evaluation) {
    folder.child("evaluation.json").writeText(Documents.toJson(evaluation));
    folder.child("summary.csv").writeText(summary(evaluation));
    folder.child("report.html").writeText(html(folder, evaluation));
  }

  private static String summary(Evaluation evaluation) {
    StringBuilder csv =
        new StringBuilder(
            "name,examples,top1-error,top1-low,top1-high,top5-error,loss,brier,calibration-error\n");
    for (Evaluation.Score score : evaluation.all()) {
      csv.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%.6f,%.6f,%.6f,%s,%.6f,%.6f,%.6f%n",
              score.name(),
              evaluation.examples(),
              score.top1Error(),
              score.top1Interval().get(0),
              score.top1Interval().get(1),
              score.top5Error().map(error -> String.format(Locale.ROOT, "%.6f", error)).orElse(""),
              score.loss(),
              score.brier(),
              score.calibrationError()));
    }
    return csv.toString();
  }

  private static String html(Location folder, Evaluation evaluation) {
    Evaluation.Score winner = evaluation.winner();
    Data data =
        new Data(
            evaluation.classes(),
            evaluation.members().stream().map(m -> new Curve(m.name(), m.learningCurve())).toList(),
            winner.reliability(),
            winner.perClass().stream().map(Evaluation.ClassScore::examples).toList(),
            winner.confusion(),
            evaluation.bySize(),
            evaluation.calibrated().map(Evaluation.Calibrated::reliability));
    Map<String, Object> page =
        Map.ofEntries(
            Map.entry("dataset", evaluation.dataset()),
            Map.entry("split", evaluation.split()),
            Map.entry("examples", "%,d".formatted(evaluation.examples())),
            Map.entry("classes", "%,d".formatted(evaluation.classes().size())),
            Map.entry("views", views(evaluation)),
            Map.entry("winner", winner.name()),
            Map.entry("error", percent(winner.top1Error())),
            Map.entry("rule", evaluation.selectedBy().rule()),
            Map.entry("selectionSplit", evaluation.selectedBy().split()),
            Map.entry("hasTop5", winner.top5Error().isPresent()),
            Map.entry("rows", rows(evaluation)),
            Map.entry(
                "members",
                evaluation.members().stream()
                    .flatMap(m -> m.made().stream().map(made -> row(m.name(), made)))
                    .toList()),
            Map.entry(
                "gains", evaluation.gains().stream().map(gain -> row(gain, evaluation)).toList()),
            Map.entry("pairs", evaluation.pairs().stream().map(EvaluationReport::row).toList()),
            Map.entry("calibrated", calibrated(evaluation.calibrated())),
            Map.entry("perClass", winner.perClass().stream().map(EvaluationReport::row).toList()),
            Map.entry(
                "confused",
                evaluation.confused().stream().map(pair -> figures(folder, pair)).toList()),
            Map.entry(
                "mistakes",
                winner.worst().stream().map(mistake -> figure(folder, mistake)).toList()),
            Map.entry("data", Documents.toJsonLine(data).strip().replace("<", "\\u003c")),
            Map.entry("commit", evaluation.provenance().commit()),
            Map.entry("time", evaluation.provenance().time()),
            Map.entry("command", String.join(" ", evaluation.provenance().command())),
            Map.entry("plots", Pages.plots()),
            Map.entry("plotStyle", Pages.plotStyle()),
            Map.entry("script", Pages.text("evaluation.js")),
            Map.entry("style", Pages.text("training.css") + Pages.text("evaluation.css")));
    return Pages.fill("evaluation.html", page);
  }

  private static String views(Evaluation evaluation) {
    String views =
        switch (evaluation.views()) {
          case CENTER -> "the centre of each picture";
          case MIRRORED -> "the centre of each picture and its mirror image";
          case TEN_CROPS -> "ten crops of each picture";
        };
    return evaluation.scales().equals(List.of(1.0))
        ? views
        : "%s, at scales of %s"
            .formatted(
                views,
                evaluation.scales().stream()
                    .map(String::valueOf)
                    .collect(Collectors.joining(", ")));
  }

  private static List<Map<String, Object>> rows(Evaluation evaluation) {
    double most =
        evaluation.all().stream().mapToDouble(s -> s.top1Interval().get(1)).max().orElse(1);
    return evaluation.all().stream().map(score -> row(score, evaluation, most)).toList();
  }

  /**
   * @param most error that bars reach
   */
  private static Map<String, Object> row(
      Evaluation.Score score, Evaluation evaluation, double most) {
    double low = score.top1Interval().get(0);
    double high = score.top1Interval().get(1);
    return Map.ofEntries(
        Map.entry("name", score.name()),
        Map.entry("emphasis", score.name().equals(evaluation.selectedBy().winner()) ? "best" : ""),
        Map.entry("baseline", score.name().equals(evaluation.selectedBy().baseline())),
        Map.entry("top1", percent(score.top1Error())),
        Map.entry("interval", "%s \u2013 %s".formatted(percent(low), percent(high))),
        Map.entry("left", width(low / most)),
        Map.entry("width", width((high - low) / most)),
        Map.entry("at", width(score.top1Error() / most)),
        Map.entry("top5", score.top5Error().stream().map(EvaluationReport::percent).toList()),
        Map.entry("loss", decimals(4, score.loss())),
        Map.entry("brier", decimals(4, score.brier())),
        Map.entry("calibrationError", percent(score.calibrationError())));
  }

  private static Map<String, Object> row(String name, Evaluation.Made made) {
    return Map.of(
        "name",
        name,
        "link",
        page(made).stream().toList(),
        "model",
        made.model(),
        "architecture",
        made.architecture(),
        "input",
        made.input().stream().map(String::valueOf).collect(Collectors.joining(" \u00d7 ")),
        "seed",
        String.valueOf(made.seed()),
        "epochs",
        made.epochs() == 0 ? "" : String.valueOf(made.epochs()),
        "time",
        made.seconds() == 0
            ? ""
            : DurationFormatUtils.formatDuration(Math.round(1000 * made.seconds()), "H:mm:ss"));
  }

  /** Where a browser on this machine finds the training's page. */
  private static Optional<String> page(Evaluation.Made made) {
    return Location.of(made.model())
        .child(TrainingReport.FILE)
        .localPath()
        .filter(Files::exists)
        .map(path -> path.toUri().toString());
  }

  private static Map<String, Object> row(Evaluation.Gain gain, Evaluation evaluation) {
    List<Double> weights =
        evaluation.ensembles().stream()
            .filter(ensemble -> ensemble.name().equals(gain.ensemble()))
            .findFirst()
            .orElseThrow()
            .weights();
    return Map.of(
        "ensemble", gain.ensemble(),
        "baseline", gain.baseline(),
        "gain", points(gain.gain()),
        "low", points(gain.interval().get(0)),
        "high", points(gain.interval().get(1)),
        "weights", String.join(", ", weights.stream().map(w -> decimals(2, w)).toList()));
  }

  private static Map<String, Object> row(Evaluation.Pair pair) {
    return Map.of(
        "first", pair.first(),
        "second", pair.second(),
        "onlyFirst", "%,d".formatted(pair.onlyFirstRight()),
        "onlySecond", "%,d".formatted(pair.onlySecondRight()),
        "p", String.format(Locale.ROOT, pair.pValue() < 1e-3 ? "%.1e" : "%.3f", pair.pValue()));
  }

  private static List<Map<String, Object>> calibrated(Optional<Evaluation.Calibrated> calibrated) {
    return calibrated.stream()
        .map(
            after ->
                Map.<String, Object>of(
                    "temperature", decimals(2, after.temperature()),
                    "loss", decimals(4, after.loss()),
                    "calibrationError", percent(after.calibrationError())))
        .toList();
  }

  private static Map<String, Object> row(Evaluation.ClassScore score) {
    return Map.of(
        "name", score.name(),
        "examples", "%,d".formatted(score.examples()),
        "recall", percent(score.recall()),
        "bar", width(score.recall()),
        "precision", percent(score.precision()),
        "f1", percent(score.f1()));
  }

  private static Map<String, Object> figures(Location folder, Evaluation.Confused pair) {
    return Map.of(
        "label", pair.label(),
        "predicted", pair.predicted(),
        "examples", "%,d".formatted(pair.examples()),
        "images",
            pair.shown().stream()
                .map(Evaluation::picturePath)
                .map(picture -> Pages.image(folder.child(picture).readBytes()))
                .toList());
  }

  private static Map<String, Object> figure(Location folder, Evaluation.Mistake mistake) {
    return Map.of(
        "image", Pages.image(folder.child(mistake.picture()).readBytes()),
        "label", mistake.label(),
        "predicted", mistake.predicted(),
        "probability", percent(mistake.probability()),
        "ofLabel", percent(mistake.ofLabel()));
  }

  private static String percent(double part) {
    return decimals(2, 100 * part) + " %";
  }

  private static String width(double part) {
    return decimals(2, 100 * part) + "%";
  }

  private static String points(double part) {
    return (part < 0 ? "\u2212" : "+") + decimals(2, 100 * Math.abs(part));
  }

  private static String decimals(int number, double value) {
    return String.format(Locale.ROOT, "%." + number + "f", value);
  }
}
