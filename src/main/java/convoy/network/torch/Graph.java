package convoy.network.torch;

import convoy.network.Backend.Precision;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/** The layers of a network in their order; each output is let go after its last reader. */
final class Graph {
  private final Blueprint blueprint;
  private final Map<String, Layer> layers = new HashMap<>();
  private final Map<String, Integer> readers = new HashMap<>();
  private final FoldedNormalizations folded;
  private final Set<String> heads;

  Graph(Blueprint blueprint, FlatVectors vectors, Precision precision) {
    this.blueprint = blueprint;
    Map<String, Node> byName = new HashMap<>();
    for (Node node : blueprint.nodes()) {
      byName.put(node.name(), node);
      node.inputs().forEach(input -> readers.merge(input, 1, Integer::sum));
    }
    for (Node node : blueprint.nodes()) {
      String first = node.inputs().get(0);
      boolean onlyReader =
          readers.get(first) == 1 && byName.containsKey(first) && forgets(byName.get(first));
      layers.put(
          node.name(), node.layer().accept(new Layers(node, vectors, precision, onlyReader)));
    }
    heads =
        blueprint.nodes().stream()
            .filter(node -> node.layer() instanceof LayerSpec.Softmax)
            .map(Node::name)
            .collect(Collectors.toUnmodifiableSet());
    folded = new FoldedNormalizations(vectors, pairs(byName));
  }

  /** Kernels whose outputs are read by a normalization and nobody else. */
  private Map<Node, Node> pairs(Map<String, Node> byName) {
    Map<Node, Node> pairs = new LinkedHashMap<>();
    for (Node node : blueprint.nodes()) {
      Node before = byName.get(node.inputs().get(0));
      if (node.layer() instanceof LayerSpec.BatchNormalization
          && before != null
          && readers.get(before.name()) == 1
          && FoldedNormalizations.folds(before)) {
        pairs.put(before, node);
      }
    }
    return pairs;
  }

  /** To be told when parameters change. */
  void changed() {
    folded.forget();
  }

  /** Whether a layer's backward pass does without its output. */
  private static boolean forgets(Node node) {
    return node.layer().kernels(node.inputShape()).isPresent()
        || node.layer() instanceof LayerSpec.BatchNormalization
        || node.layer() instanceof LayerSpec.Sum;
  }

  /** A layer may give back its input, changed; that one's owner has it already. */
  private static Tensor forward(Layer layer, List<Tensor> inputs, Pass pass) {
    Tensor[] same = new Tensor[1];
    Tensor made =
        Scopes.keeping(
            () -> {
              Tensor output = layer.forward(inputs, pass);
              if (output.address() == inputs.get(0).address()) {
                same[0] = output;
                return new Tensor();
              }
              return output;
            });
    return same[0] == null ? made : same[0];
  }

  /** Names of the output and of the heads that are trained with it. */
  Set<String> heads() {
    return heads;
  }

  /**
   * The outputs of some layers.
   *
   * @param input is let go as the layers' outputs are
   */
  Map<String, Tensor> forward(Tensor input, Pass pass, Set<String> wanted) {
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    Map<String, Integer> left = new HashMap<>(readers);
    outputs.put(Blueprint.INPUT, input);
    Map<String, Layer> others = !pass.training() && pass.reusing() ? folded.layers() : Map.of();
    for (Node node : blueprint.nodes()) {
      List<Tensor> inputs = new ArrayList<>();
      node.inputs().forEach(name -> inputs.add(outputs.get(name)));
      Layer layer = others.getOrDefault(node.name(), layers.get(node.name()));
      Tensor output = forward(layer, inputs, pass.of(node.name()));
      for (String name : node.inputs()) {
        boolean last = left.merge(name, -1, Integer::sum) == 0;
        if (last && !wanted.contains(name)) {
          Tensor done = outputs.remove(name);
          if (done.address() != output.address()) {
            done.close();
          }
        }
      }
      outputs.put(node.name(), output);
    }
    outputs.keySet().retainAll(wanted);
    return outputs;
  }
}
