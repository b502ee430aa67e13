package convoy.report;

import com.mxgraph.layout.hierarchical.mxHierarchicalLayout;
import com.mxgraph.util.mxCellRenderer;
import com.mxgraph.util.mxXmlUtils;
import com.mxgraph.view.mxGraph;
import convoy.network.NetworkSummary;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.swing.SwingConstants;

/** A network as a graph of boxes, from the input down, in SVG. */
final class NetworkDrawing {
  private static final int WIDTH = 250;
  private static final int HEIGHT = 52;
  private static final String BOX =
      "rounded=1;fontColor=#1b1f24;strokeColor=#59636e;fontFamily=DejaVu Sans;fontSize=11;fillColor=";
  private static final List<Map.Entry<String, String>> COLOURS =
      List.of(
          Map.entry("convolution", "#BBD7EE"),
          Map.entry("pooling", "#C9E7C4"),
          Map.entry("normalization", "#ECEFF2"),
          Map.entry("dense", "#F9D9B4"),
          Map.entry("softmax", "#F4BFB4"),
          Map.entry("", "#DDD3EE"));

  private NetworkDrawing() {}

  static String svg(NetworkSummary network) {
    mxGraph graph = new mxGraph();
    Map<String, Object> boxes = new HashMap<>();
    graph.getModel().beginUpdate();
    try {
      boxes.put("input", box(graph, "input\n" + words(network.input()), "#FFFFFF"));
      for (NetworkSummary.Layer layer : network.layers()) {
        String text = "%s\n%s\n%s".formatted(layer.name(), layer.kind(), layer.outputWords());
        boxes.put(layer.name(), box(graph, text, colour(layer.kind())));
      }
      for (NetworkSummary.Layer layer : network.layers()) {
        for (String input : layer.inputs()) {
          graph.insertEdge(
              graph.getDefaultParent(),
              null,
              "",
              boxes.get(input),
              boxes.get(layer.name()),
              "strokeColor=#59636e");
        }
      }
      mxHierarchicalLayout layout = new mxHierarchicalLayout(graph, SwingConstants.NORTH);
      layout.setInterRankCellSpacing(24);
      layout.execute(graph.getDefaultParent());
    } finally {
      graph.getModel().endUpdate();
    }
    return mxXmlUtils.getXml(
        mxCellRenderer.createSvgDocument(graph, null, 1, null, null).getDocumentElement());
  }

  private static Object box(mxGraph graph, String text, String colour) {
    return graph.insertVertex(
        graph.getDefaultParent(), null, text, 0, 0, WIDTH, HEIGHT, BOX + colour);
  }

  private static String colour(String kind) {
    return COLOURS.stream()
        .filter(entry -> kind.contains(entry.getKey()))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  private static String words(List<Integer> shape) {
    return new convoy.convolution.Shape(shape).toString();
  }
}
