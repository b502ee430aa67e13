package convoy.report;

import convoy.bench.DataRow;
import convoy.bench.PolicyRow;
import convoy.bench.RoundModel;
import convoy.bench.RoundRow;
import convoy.bench.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measurements as a table and as charts. */
public final class BenchReport {
  private static final List<String> COLUMNS =
      List.of(
          "network",
          "size",
          "minibatch",
          "phase",
          "engine",
          "precision",
          "images/s",
          "to djl",
          "to dl4j",
          "to kernels",
          "MiB a replica");

  private BenchReport() {}

  public static String text(List<Row> rows) {
    return NetworkReport.table(COLUMNS, rows.stream().map(BenchReport::cells).toList());
  }

  private static final List<String> ROUND_COLUMNS =
      List.of(
          "network",
          "engine",
          "transport",
          "where",
          "momentum",
          "workers",
          "s a round",
          "overhead s",
          "driver bytes",
          "driver heap MiB");

  /** Of rounds. */
  public static String roundsText(List<RoundRow> rows) {
    return NetworkReport.table(
        ROUND_COLUMNS,
        rows.stream()
            .map(
                row ->
                    List.of(
                        row.network(),
                        row.engine(),
                        row.transport(),
                        row.where(),
                        row.momentum(),
                        String.valueOf(row.workers()),
                        seconds(row.secondsPerRound()),
                        seconds(row.overheadSeconds()),
                        String.format(Locale.ROOT, "%,d", row.driverBytes()),
                        String.valueOf(row.driverHeapMebibytes())))
            .toList());
  }

  private static final List<String> DATA_COLUMNS =
      List.of("what", "pictures", "seconds", "pictures/s", "MB/s", "MB read", "opens", "heap MiB");

  /** Of the way of the pictures. */
  public static String dataText(List<DataRow> rows) {
    return NetworkReport.table(
        DATA_COLUMNS,
        rows.stream()
            .map(
                row ->
                    List.of(
                        row.what(),
                        String.format(Locale.ROOT, "%,d", row.pictures()),
                        String.format(Locale.ROOT, "%.1f", row.seconds()),
                        String.format(Locale.ROOT, "%,.0f", row.picturesPerSecond()),
                        String.format(Locale.ROOT, "%,.1f", row.megabytesPerSecond()),
                        String.format(Locale.ROOT, "%,d", row.sourceBytesRead() / 1_000_000),
                        String.format(Locale.ROOT, "%,d", row.sourceOpens()),
                        String.valueOf(row.driverHeapMebibytes())))
            .toList());
  }

  private static final List<String> POLICY_COLUMNS =
      List.of("network", "policy", "workers", "top-1 %", "sd", "bytes an example", "seconds");

  /** Of policies. */
  public static String policiesText(List<PolicyRow> rows) {
    return NetworkReport.table(
        POLICY_COLUMNS,
        rows.stream()
            .map(
                row ->
                    List.of(
                        row.network(),
                        row.policy(),
                        String.valueOf(row.workers()),
                        String.format(Locale.ROOT, "%.2f", 100 * row.top1Mean()),
                        String.format(Locale.ROOT, "%.2f", 100 * row.top1Sd()),
                        String.format(Locale.ROOT, "%,.0f", row.bytesPerExample()),
                        String.format(Locale.ROOT, "%.1f", row.seconds())))
            .toList());
  }

  /** PNG: accuracy against bytes. */
  public static byte[] policiesChart(List<PolicyRow> rows) {
    return Charts.policies(rows);
  }

  private static final List<String> PREDICTION_COLUMNS =
      List.of("network", "Gbit/s", "workers", "s a round", "s of steps for 95 %");

  /** What rounds would cost elsewhere. */
  public static String predictionText(List<RoundModel.Prediction> predictions) {
    return "\nPredicted, momentum kept by each worker:\n"
        + NetworkReport.table(
            PREDICTION_COLUMNS,
            predictions.stream()
                .map(
                    one ->
                        List.of(
                            one.network(),
                            String.valueOf(one.gigabits()),
                            String.valueOf(one.workers()),
                            String.format(Locale.ROOT, "%.3f", one.secondsPerRound()),
                            String.format(Locale.ROOT, "%.1f", one.secondsForNineteenTwentieths())))
                .toList());
  }

  /** A line a network and wire. */
  public static byte[] predictionChart(List<RoundModel.Prediction> predictions) {
    Map<String, Map<Integer, Double>> lines = new LinkedHashMap<>();
    for (RoundModel.Prediction one : predictions) {
      lines
          .computeIfAbsent(
              "%s, %d Gbit/s".formatted(one.network(), one.gigabits()),
              name -> new LinkedHashMap<>())
          .put(one.workers(), one.secondsPerRound());
    }
    return Charts.byWorkers("Seconds a round, predicted", lines);
  }

  private static String seconds(double seconds) {
    return String.format(Locale.ROOT, "%.4f", seconds);
  }

  private static List<String> cells(Row row) {
    return List.of(
        row.network(),
        String.valueOf(row.size()),
        String.valueOf(row.minibatch()),
        row.phase(),
        row.engine(),
        row.precision(),
        String.format(
            Locale.ROOT, row.imagesPerSecond() < 100 ? "%.2f" : "%.0f", row.imagesPerSecond()),
        ratio(row.ratioToDjl()),
        ratio(row.ratioToDl4j()),
        ratio(row.shareOfKernels()),
        String.valueOf(row.replicaMebibytes()));
  }

  private static String ratio(double value) {
    return value == 0 ? "" : String.format(Locale.ROOT, "%.2f", value);
  }

  /** PNG by the names of their files: a chart a phase, speeds in parts of the bare kernels'. */
  public static Map<String, byte[]> charts(List<Row> rows) {
    Map<String, byte[]> charts = new LinkedHashMap<>();
    for (String phase : rows.stream().map(Row::phase).distinct().toList()) {
      List<Row> some = rows.stream().filter(row -> row.phase().equals(phase)).toList();
      List<String> names = some.stream().map(BenchReport::name).distinct().toList();
      Map<String, List<Double>> parts = new LinkedHashMap<>();
      for (Row row : some) {
        String engine = "%s %s".formatted(row.engine(), row.precision());
        parts.computeIfAbsent(engine, key -> new ArrayList<>());
      }
      parts.forEach(
          (engine, values) -> names.forEach(name -> values.add(part(some, name, engine))));
      charts.put(
          phase + ".png",
          Charts.ratios(
              "Images/s (%s) in parts of the bare kernels'".formatted(phase), names, parts));
    }
    return charts;
  }

  private static String name(Row row) {
    return "%s %d".formatted(row.network(), row.size());
  }

  private static double part(List<Row> rows, String name, String engine) {
    return rows.stream()
        .filter(row -> name(row).equals(name))
        .filter(row -> "%s %s".formatted(row.engine(), row.precision()).equals(engine))
        .mapToDouble(Row::shareOfKernels)
        .findFirst()
        .orElse(0);
  }
}
