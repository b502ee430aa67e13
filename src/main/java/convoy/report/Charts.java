package convoy.report;

import convoy.bench.PolicyRow;
import convoy.evaluate.Evaluation;
import convoy.evaluate.PairedComparison;
import convoy.network.NetworkSummary;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** An evaluation's charts as PNG files. */
public final class Charts {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 420;
  private static final int CELL = 46;
  private static final int MARGIN = 260;
  private static final int LARGEST = 1400;
  private static final int MOST_NUMBERED_CLASSES = 20;
  private static final int MOST_NAMED_CLASSES = 60;

  private Charts() {}

  /** Top-1 error on the validation split, a line a member. */
  public static byte[] validationError(List<Evaluation.Score> members) {
    XYChart chart = lines("Validation top-1 error", "%");
    for (Evaluation.Score member : members) {
      add(chart, member);
    }
    return png(chart);
  }

  /** Training and validation loss of one training. */
  public static byte[] losses(List<Evaluation.CurvePoint> curve) {
    XYChart chart = lines("Loss", "nats");
    double[] epochs = curve.stream().mapToDouble(Evaluation.CurvePoint::epoch).toArray();
    chart
        .addSeries(
            "training",
            epochs,
            curve.stream().mapToDouble(Evaluation.CurvePoint::trainingLoss).toArray())
        .setMarker(SeriesMarkers.CIRCLE);
    chart
        .addSeries(
            "validation",
            epochs,
            curve.stream().mapToDouble(Evaluation.CurvePoint::validationLoss).toArray())
        .setMarker(SeriesMarkers.CIRCLE);
    return png(chart);
  }

  private static XYChart lines(String title, String unit) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("epoch")
            .yAxisTitle(unit)
            .build();
    style(chart.getStyler());
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisDecimalPattern("0.##");
    chart.getStyler().setXAxisDecimalPattern("0.#");
    return chart;
  }

  private static void add(XYChart chart, Evaluation.Score member) {
    List<Evaluation.CurvePoint> curve = member.learningCurve();
    chart
        .addSeries(
            member.name(),
            curve.stream().mapToDouble(Evaluation.CurvePoint::epoch).toArray(),
            curve.stream().mapToDouble(p -> 100 * p.validationTop1Error()).toArray())
        .setMarker(SeriesMarkers.CIRCLE);
  }

  /** Recall of each class by champion and challenger, as bars. */
  static byte[] recalls(PairedComparison compared) {
    List<PairedComparison.ClassPair> classes =
        compared.classes().stream().filter(pair -> pair.examples() > 0).toList();
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(Math.min(LARGEST, Math.max(WIDTH, 30 * classes.size())))
            .height(HEIGHT)
            .title("Recall by class")
            .yAxisTitle("%")
            .build();
    style(chart.getStyler());
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisMax(100.0);
    chart.getStyler().setXAxisLabelRotation(45);
    chart.getStyler().setXAxisMaxLabelCount(MOST_NAMED_CLASSES);
    List<String> names = distinct(classes.stream().map(pair -> pair.name()).toList());
    chart.addSeries(
        compared.first(), names, classes.stream().map(c -> 100 * c.firstRecall()).toList());
    chart.addSeries(
        compared.second(), names, classes.stream().map(c -> 100 * c.secondRecall()).toList());
    return png(chart);
  }

  /** Multiplications and parameters of networks, as bars on a logarithmic axis. */
  static byte[] costs(List<NetworkSummary> networks) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(Math.min(LARGEST, Math.max(WIDTH, 60 * networks.size())))
            .height(HEIGHT)
            .title("Multiplications of one image and parameters")
            .yAxisTitle("millions")
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLabelRotation(45);
    chart.getStyler().setYAxisLogarithmic(true);
    double least =
        networks.stream()
            .mapToDouble(n -> Math.min(n.multiplications(), n.parameters()))
            .min()
            .orElse(1);
    // A bar that begins above its value is not drawn.
    chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(least / 1e6))));
    List<String> names = networks.stream().map(NetworkSummary::name).toList();
    chart.addSeries(
        "multiplications", names, networks.stream().map(n -> n.multiplications() / 1e6).toList());
    chart.addSeries("parameters", names, networks.stream().map(n -> n.parameters() / 1e6).toList());
    return png(chart);
  }

  /**
   * Speeds in parts of a reference's, a group of bars a case.
   *
   * @param names of the cases
   * @param parts by whose they are; as many as names
   */
  static byte[] ratios(String title, List<String> names, Map<String, List<Double>> parts) {
    CategoryChart chart =
        new CategoryChartBuilder().width(LARGEST).height(HEIGHT).title(title).build();
    style(chart.getStyler());
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisDecimalPattern("0.0");
    parts.forEach((name, values) -> chart.addSeries(name, names, values));
    return png(chart);
  }

  /** Values by the number of workers, which doubles, a line a name. */
  static byte[] byWorkers(String title, Map<String, Map<Integer, Double>> lines) {
    XYChart chart =
        new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle("workers").build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisDecimalPattern("0.##");
    lines.forEach(
        (name, values) ->
            chart
                .addSeries(name, List.copyOf(values.keySet()), List.copyOf(values.values()))
                .setMarker(SeriesMarkers.CIRCLE));
    return png(chart);
  }

  /** Accuracy against what was sent, a colour a policy, bars of one standard deviation. */
  static byte[] policies(List<PolicyRow> rows) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Policies: validation top-1 accuracy, %")
            .xAxisTitle("bytes sent an example")
            .build();
    style(chart.getStyler());
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    for (String policy : rows.stream().map(PolicyRow::policy).distinct().toList()) {
      // One worker sends nothing, which has no place on this axis.
      List<PolicyRow> some =
          rows.stream()
              .filter(row -> row.policy().equals(policy) && row.bytesPerExample() > 0)
              .toList();
      if (!some.isEmpty()) {
        chart
            .addSeries(
                policy,
                some.stream().mapToDouble(PolicyRow::bytesPerExample).toArray(),
                some.stream().mapToDouble(row -> 100 * row.top1Mean()).toArray(),
                some.stream().mapToDouble(row -> 100 * row.top1Sd()).toArray())
            .setMarker(SeriesMarkers.CIRCLE);
      }
    }
    return png(chart);
  }

  /** Rows are true classes, the first on top; colour is the part of the row. */
  public static byte[] confusion(Evaluation.Score score, List<String> classes) {
    int n = classes.size();
    int side = Math.min(LARGEST, MARGIN + CELL * n);
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(side)
            .height(side)
            .title("Confusion: % of the true class")
            .xAxisTitle("predicted")
            .yAxisTitle("true")
            .build();
    style(chart.getStyler());
    chart
        .getStyler()
        .setRangeColors(new Color[] {Color.WHITE, new Color(0x9ECAE1), new Color(0x6BAED6)});
    chart.getStyler().setMin(0);
    chart.getStyler().setMax(100);
    chart.getStyler().setShowValue(n <= MOST_NUMBERED_CLASSES);
    chart.getStyler().setHeatMapValueDecimalPattern("0");
    chart.getStyler().setXAxisLabelRotation(45);
    chart.getStyler().setXAxisMaxLabelCount(MOST_NAMED_CLASSES);
    List<String> names = distinct(classes);
    List<String> upwards = new ArrayList<>(names);
    Collections.reverse(upwards);
    chart.addSeries("part of the class", names, upwards, percentages(score, n));
    return png(chart);
  }

  /** Triples column, row from below, percentage. */
  private static List<Number[]> percentages(Evaluation.Score score, int n) {
    double[][] part = new double[n][n];
    for (List<Integer> cell : score.confusion()) {
      part[cell.get(0)][cell.get(1)] =
          100.0 * cell.get(2) / score.perClass().get(cell.get(0)).examples();
    }
    List<Number[]> data = new ArrayList<>();
    for (int row = 0; row < n; row++) {
      for (int column = 0; column < n; column++) {
        data.add(new Number[] {column, n - 1 - row, part[row][column]});
      }
    }
    return data;
  }

  /** Classes may share a human name; an axis may not. */
  private static List<String> distinct(List<String> classes) {
    List<String> names = new ArrayList<>();
    for (String name : classes) {
      String unique = shortened(name);
      for (int i = 2; names.contains(unique); i++) {
        unique = shortened(name) + " " + i;
      }
      names.add(unique);
    }
    return names;
  }

  private static String shortened(String name) {
    return name.length() <= 18 ? name : name.substring(0, 17) + "\u2026";
  }

  private static void style(Styler styler) {
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
    styler.setBaseFont(font);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setChartTitleBoxVisible(false);
    styler.setPlotBorderVisible(false);
  }

  private static byte[] png(Chart<?, ?> chart) {
    try {
      return BitmapEncoder.getBitmapBytes(chart, BitmapEncoder.BitmapFormat.PNG);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
  }
}
