package convoy.network;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.util.GraphIndices;

/**
 * Where each layer's parameters lie in a network's flat vector, which has heads or has not by the
 * network's phase.
 */
public final class ParameterLayout {
  private final Map<String, Stretch> stretches = new LinkedHashMap<>();
  private final int bytes;

  private record Stretch(int from, int length) {}

  private ParameterLayout(ComputationGraphConfiguration configuration) {
    GraphIndices indices = new ComputationGraph(configuration).calculateIndices();
    long at = 0;
    for (int index : indices.getTopologicalSortOrder()) {
      String name = indices.getIdxToName().get(index);
      var vertex = configuration.getVertices().get(name);
      // The network's input is among the indices, but no vertex.
      long length = vertex == null ? 0 : vertex.numParams(true) * Float.BYTES;
      if (length > 0) {
        stretches.put(name, new Stretch(Math.toIntExact(at), Math.toIntExact(length)));
      }
      at += length;
    }
    bytes = Math.toIntExact(at);
  }

  public static ParameterLayout of(NetworkSpec spec) {
    Backend.start();
    return new ParameterLayout(Dl4jGraph.configuration(Architectures.blueprint(spec), spec.seed()));
  }

  /** Bytes of the whole vector. */
  public int bytes() {
    return bytes;
  }

  /**
   * The parameters of the same layers in another layout; layers that this one lacks keep what they
   * have there.
   *
   * @param parameters in this layout
   * @param target in the other one; not changed
   */
  public byte[] moved(byte[] parameters, ParameterLayout other, byte[] target) {
    byte[] result = target.clone();
    stretches.forEach(
        (name, from) -> {
          Stretch to = other.stretches.get(name);
          if (to != null) {
            if (to.length() != from.length()) {
              throw new IllegalStateException(
                  "Layer %s has %d bytes here and %d there"
                      .formatted(name, from.length(), to.length()));
            }
            System.arraycopy(parameters, from.from(), result, to.from(), to.length());
          }
        });
    return result;
  }
}
