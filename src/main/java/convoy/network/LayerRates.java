package convoy.network;

import convoy.core.UserException;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How fast each layer learns, in parts of the learning rate: what transfer learning trains little
 * or not at all (Yosinski et al., 2014). A layer with a rate of 0 is frozen: its values stay to the
 * bit, it normalizes by its running statistics, and drops nothing.
 *
 * @param others rates of the layers, by their names, that do not learn at the full one
 */
public record LayerRates(Map<String, Double> others) implements Serializable {
  /** Every layer at the full rate. */
  public static final LayerRates ALL = new LayerRates(Map.of());

  private static final String FROM = "from=";

  public LayerRates {
    others = Map.copyOf(others);
  }

  /**
   * The rates of a network of which a part is trained.
   *
   * @param trained {@code all}; {@code head}, the layers that give classes; or {@code from=NAME},
   *     that layer of the blueprint and all after it
   * @param otherRate of the other layers, 0 to 1
   * @throws UserException if there is no such layer
   */
  public static LayerRates of(Blueprint blueprint, String trained, double otherRate) {
    List<Blueprint.Node> nodes = blueprint.nodes();
    int first =
        switch (trained) {
          case "all" -> 0;
          case "head" -> nodes.size();
          default -> first(nodes, trained);
        };
    Map<String, Double> others = new HashMap<>();
    for (Blueprint.Node node : nodes.subList(0, first)) {
      if (!(node.layer() instanceof LayerSpec.Softmax) && otherRate != 1) {
        others.put(node.name(), otherRate);
      }
    }
    return new LayerRates(others);
  }

  private static int first(List<Blueprint.Node> nodes, String trained) {
    String name = trained.startsWith(FROM) ? trained.substring(FROM.length()) : "";
    return IntStream.range(0, nodes.size())
        .filter(i -> nodes.get(i).name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserException(
                    "Cannot train layers %s: give all, head, or from= and one of %s."
                        .formatted(
                            trained,
                            nodes.stream()
                                .filter(node -> !node.state().isEmpty())
                                .map(Blueprint.Node::name)
                                .toList())));
  }

  /** Of one layer, 0 to 1. */
  public double of(String node) {
    return others.getOrDefault(node, 1.0);
  }

  /** Names of the layers that do not change. */
  public Set<String> frozen() {
    return others.entrySet().stream()
        .filter(entry -> entry.getValue() == 0)
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }
}
