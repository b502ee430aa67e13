package convoy.network.architecture;

import convoy.convolution.ReceptiveField;
import convoy.convolution.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network as the graph of its layers, apart from any engine.
 *
 * @param input channels, height, width
 * @param nodes each after those that it takes its inputs from; the last one is the output
 */
public record Blueprint(Shape input, List<Node> nodes) {
  /** The name that layers call the network's input. */
  public static final String INPUT = "input";

  /**
   * A layer in its place.
   *
   * @param key what its parameters' names in the state begin with; torchvision's where the network
   *     is torchvision's
   * @param inputs names of layers, or {@link #INPUT}
   * @param inputShape of the first input
   * @param receptiveField of one value of the output in the network's input
   */
  public record Node(
      String name,
      String key,
      LayerSpec layer,
      List<String> inputs,
      FirstWeights firstWeights,
      Shape inputShape,
      ReceptiveField receptiveField) {

    public Shape output() {
      return layer.output(inputShape);
    }

    /** Trained parameters; a normalization's running statistics are none. */
    public long parameters() {
      return weights() + biases();
    }

    /** Parameters and running statistics. */
    public long stateValues() {
      return parameters() + layer.statistics(inputShape);
    }

    /** The layer's part of the state, in order. */
    public List<Parameter> state() {
      return layer.parameters(inputShape);
    }

    public long weights() {
      return layer.weights(inputShape);
    }

    public long biases() {
      return layer.biases(inputShape);
    }

    public long multiplications() {
      return layer.multiplications(inputShape);
    }
  }

  public Blueprint {
    nodes = List.copyOf(nodes);
  }

  public Node output() {
    return nodes.get(nodes.size() - 1);
  }

  /** Of all layers. */
  public long parameters() {
    return nodes.stream().mapToLong(Node::parameters).sum();
  }

  /** The layers that the output depends on: without heads that only training needs. */
  public Blueprint withoutHeads() {
    Map<String, Node> byName = new LinkedHashMap<>();
    nodes.forEach(node -> byName.put(node.name(), node));
    List<String> wanted = new ArrayList<>(List.of(output().name()));
    for (int i = 0; i < wanted.size(); i++) {
      Node node = byName.get(wanted.get(i));
      if (node != null) {
        node.inputs().stream().filter(name -> !wanted.contains(name)).forEach(wanted::add);
      }
    }
    return new Blueprint(
        input, nodes.stream().filter(node -> wanted.contains(node.name())).toList());
  }
}
