package convoy.network;

import convoy.convolution.Shape;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each value of a network lies in its state, apart from any engine: layer after layer in the
 * blueprint's order, each array in the order of its definition, the last index running fastest.
 * Engines may keep another layout while they compute and convert when a state comes or goes.
 */
public final class StateLayout {

  /**
   * One array of the state.
   *
   * @param node name of the layer
   * @param name in model files: {@code layer1.0.conv1.weight}
   * @param from its first value in the state, {@code length} values from there on
   */
  public record Block(String node, String name, Parameter parameter, int from, int length) {
    public Shape shape() {
      return parameter.shape();
    }

    public Parameter.Role role() {
      return parameter.role();
    }
  }

  private final Map<String, Block> blocks = new LinkedHashMap<>();
  private final int values;

  private StateLayout(Blueprint blueprint) {
    long at = 0;
    for (Blueprint.Node node : blueprint.nodes()) {
      for (Parameter parameter : node.state()) {
        String name = node.key() + "." + parameter.name();
        long count = parameter.shape().count();
        Block block =
            new Block(node.name(), name, parameter, Math.toIntExact(at), Math.toIntExact(count));
        if (blocks.put(name, block) != null) {
          throw new IllegalStateException("Two parameters are called " + name);
        }
        at += count;
      }
    }
    // A state is one Java array of bytes.
    values = Math.toIntExact(at * Float.BYTES) / Float.BYTES;
  }

  public static StateLayout of(Blueprint blueprint) {
    return new StateLayout(blueprint);
  }

  public static StateLayout of(NetworkSpec spec) {
    return of(Architectures.blueprint(spec));
  }

  /** In the state's order. */
  public List<Block> blocks() {
    return List.copyOf(blocks.values());
  }

  /** The arrays of one layer, in order. */
  public List<Block> blocks(String node) {
    return blocks.values().stream().filter(block -> block.node().equals(node)).toList();
  }

  /** Number of values in all. */
  public int values() {
    return values;
  }

  /** Bytes of parameters, or of momentum. */
  public int bytes() {
    return values * Float.BYTES;
  }

  /** Refuses a state of another network. */
  public void require(ModelState state) {
    if (state.parameters().length != bytes()) {
      throw new IllegalArgumentException(
          "A state of %d parameters for a network of %d"
              .formatted(state.parameters().length / Float.BYTES, values));
    }
  }

  /**
   * The arrays of the same names in another layout; those that this one lacks keep what they have
   * there.
   *
   * @param state in this layout, little-endian floats
   * @param target in the other one; not changed
   */
  public byte[] moved(byte[] state, StateLayout other, byte[] target) {
    byte[] result = target.clone();
    for (Block from : blocks.values()) {
      Block to = other.blocks.get(from.name());
      if (to != null) {
        if (!to.shape().equals(from.shape())) {
          throw new IllegalStateException(
              "%s is %s here and %s there".formatted(from.name(), from.shape(), to.shape()));
        }
        System.arraycopy(
            state,
            from.from() * Float.BYTES,
            result,
            to.from() * Float.BYTES,
            from.length() * Float.BYTES);
      }
    }
    return result;
  }
}
