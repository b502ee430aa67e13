package convoy.report;

import convoy.network.NetworkSummary;
import convoy.network.NetworkSummary.Layer;
import convoy.network.NetworkSummary.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** What networks are made of and cost, as a table, as CSV, and as a page with drawings. */
public final class NetworkReport {
  private static final List<String> LAYER_COLUMNS =
      List.of(
          "layer",
          "kind",
          "output",
          "memory",
          "parameters",
          "without biases",
          "multiplications",
          "receptive field");
  private static final List<String> NETWORK_COLUMNS =
      List.of(
          "network",
          "input",
          "parameters",
          "without biases",
          "multiplications",
          "memory",
          "a round",
          "executor heap",
          "beside it");

  private NetworkReport() {}

  /** Layer by layer for one network, side by side for several. */
  public static String text(List<NetworkSummary> networks) {
    if (networks.size() == 1) {
      NetworkSummary only = networks.get(0);
      return layerTable(only) + lines(notes(only));
    }
    List<String> notes = new ArrayList<>();
    networks.forEach(
        network -> network.note().ifPresent(note -> notes.add(network.name() + ": " + note)));
    return table(NETWORK_COLUMNS, networks.stream().map(NetworkReport::row).toList())
        + lines(notes);
  }

  private static String lines(List<String> lines) {
    return String.join("", lines.stream().map(line -> line + "\n").toList());
  }

  private static String layerTable(NetworkSummary network) {
    List<List<String>> rows = rows(network);
    rows.add(total(network));
    return "%s, input %s%n%s"
        .formatted(network.name(), shape(network.input()), table(LAYER_COLUMNS, rows));
  }

  /** The input and every layer. */
  private static List<List<String>> rows(NetworkSummary network) {
    List<List<String>> rows = new ArrayList<>();
    long values = network.input().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    rows.add(
        List.of(
            "input", "", shape(network.input()), bytes(values * Float.BYTES), "0", "0", "0", "1"));
    network.layers().forEach(layer -> rows.add(row(layer)));
    return rows;
  }

  private static List<String> total(NetworkSummary network) {
    return List.of(
        "total",
        "",
        "",
        bytes(network.values() * Float.BYTES),
        count(network.parameters()),
        count(network.weightsWithoutBiases()),
        count(network.multiplications()),
        "");
  }

  private static List<String> row(Layer layer) {
    return List.of(
        layer.name(),
        layer.kind(),
        layer.outputWords(),
        bytes(layer.values() * Float.BYTES),
        count(layer.parameters()),
        count(layer.weightsWithoutBiases()),
        count(layer.multiplications()),
        count(layer.receptiveField()));
  }

  private static List<String> row(NetworkSummary network) {
    return List.of(
        network.name(),
        shape(network.input()),
        count(network.parameters()),
        count(network.weightsWithoutBiases()),
        count(network.multiplications()),
        bytes(network.values() * Float.BYTES),
        training(network, training -> bytes(training.roundBytes())),
        training(network, training -> bytes(training.executorHeapBytes())),
        training(network, training -> bytes(training.executorOverheadBytes())));
  }

  private static String training(NetworkSummary network, Function<Training, Object> value) {
    return network.training().map(training -> value.apply(training).toString()).orElse("");
  }

  /** Texts to the left, numbers to the right. */
  static String table(List<String> header, List<List<String>> rows) {
    int[] widths = header.stream().mapToInt(String::length).toArray();
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder(line(header, widths));
    rows.forEach(row -> text.append(line(row, widths)));
    return text.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String side = i < 2 ? "-" : "";
      line.append(("%" + side + widths[i] + "s  ").formatted(cells.get(i)));
    }
    return line.toString().stripTrailing() + "\n";
  }

  private static List<String> notes(NetworkSummary network) {
    List<String> notes = new ArrayList<>();
    network.training().ifPresent(training -> notes.add(words(training)));
    network.note().ifPresent(notes::add);
    return notes;
  }

  private static String words(Training training) {
    return "Training with a minibatch of %d: driver heap %s; executor heap %s with one replica, beside it %s; a round averages %s of each worker, parameters and momentum."
        .formatted(
            training.minibatch(),
            bytes(training.driverHeapBytes()),
            bytes(training.executorHeapBytes()),
            bytes(training.executorOverheadBytes()),
            bytes(training.roundBytes()));
  }

  /** The layers of one network, the totals of several. */
  public static String csv(List<NetworkSummary> networks) {
    StringBuilder csv = new StringBuilder();
    if (networks.size() > 1) {
      csv.append(
          "network,input,parameters,weights-without-biases,multiplications,activation-bytes,round-bytes,driver-heap-bytes,executor-heap-bytes,executor-overhead-bytes\n");
      for (NetworkSummary network : networks) {
        csv.append(
            "%s,%s,%d,%d,%d,%d,%s,%s,%s,%s%n"
                .formatted(
                    network.name(),
                    shape(network.input()),
                    network.parameters(),
                    network.weightsWithoutBiases(),
                    network.multiplications(),
                    network.values() * Float.BYTES,
                    training(network, Training::roundBytes),
                    training(network, Training::driverHeapBytes),
                    training(network, Training::executorHeapBytes),
                    training(network, Training::executorOverheadBytes)));
      }
      return csv.toString();
    }
    csv.append(
        "layer,kind,output,activation-bytes,parameters,weights-without-biases,multiplications,receptive-field\n");
    for (Layer layer : networks.get(0).layers()) {
      csv.append(
          "%s,\"%s\",%s,%d,%d,%d,%d,%d%n"
              .formatted(
                  layer.name(),
                  layer.kind(),
                  layer.outputWords(),
                  layer.values() * Float.BYTES,
                  layer.parameters(),
                  layer.weightsWithoutBiases(),
                  layer.multiplications(),
                  layer.receptiveField()));
    }
    return csv.toString();
  }

  /**
   * One file that needs no other.
   *
   * @param pictures PNG by name
   */
  public static String html(List<NetworkSummary> networks, Map<String, byte[]> pictures) {
    return Pages.fill(
        "network.html",
        Map.of(
            "title", String.join(", ", networks.stream().map(NetworkSummary::name).toList()),
            "comparison",
                networks.size() > 1
                    ? List.of(
                        Map.of(
                            "columns", NETWORK_COLUMNS,
                            "rows", networks.stream().map(NetworkReport::row).toList(),
                            "chart", Pages.image(Charts.costs(networks))))
                    : List.of(),
            "networks",
                networks.stream()
                    .map(
                        network ->
                            section(network, networks.size() > 1 ? network.name() : "Layers"))
                    .toList(),
            "pictures",
                pictures.entrySet().stream()
                    .map(
                        picture ->
                            Map.of(
                                "caption",
                                caption(picture.getKey()),
                                "image",
                                Pages.image(picture.getValue())))
                    .toList()));
  }

  private static Map<String, Object> section(NetworkSummary network, String heading) {
    return Map.of(
        "heading", heading,
        "input", shape(network.input()),
        "columns", LAYER_COLUMNS,
        "rows", rows(network),
        "total", total(network),
        "notes", notes(network),
        "drawing", NetworkDrawing.svg(network));
  }

  private static String caption(String picture) {
    if (picture.startsWith("filters-")) {
      return "Kernels of %s, each from its lowest value (black) to its highest"
          .formatted(picture.substring("filters-".length()));
    }
    if (picture.startsWith("maps-")) {
      return "Maps of %s, each from its lowest value (black) to its highest"
          .formatted(picture.substring("maps-".length()));
    }
    return picture.equals("input")
        ? "The picture as the network sees it"
        : "A kernel is a feature identifier: large where its feature is, near zero elsewhere";
  }

  private static String shape(List<Integer> sizes) {
    return new convoy.convolution.Shape(sizes).toString();
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String bytes(long bytes) {
    if (bytes < 1 << 10) {
      return bytes + " B";
    }
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%,.1f MiB", bytes / 1048576.0);
  }
}
