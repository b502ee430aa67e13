package convoy.network.dl4j;

import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.StateLayout;
import convoy.network.StateLayout.Block;
import convoy.network.architecture.Parameter.Role;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Where the arrays of a state lie in DL4J's flat vectors. They are found by their addresses: some
 * of DL4J's layers list their parameters in another order than they store them.
 */
final class StateViews {
  private static final Map<String, List<String>> NAMES =
      Map.of(
          "weight", List.of("W", "gamma"),
          "bias", List.of("b", "beta"),
          "running_mean", List.of("mean"),
          "running_var", List.of("var"));

  private final StateLayout layout;
  private final List<View> views = new ArrayList<>();

  /**
   * @param from of the array in the flat vectors, {@code length} values from there on
   * @param array in DL4J's shape, a view of the flat parameters
   * @param depthwise whether it is (rows, columns, channels, filters of a channel)
   */
  record View(Block block, long from, INDArray array, boolean depthwise) {
    Role role() {
      return block.role();
    }

    /** The same place in one of the flat vectors. */
    INDArray stretch(INDArray flat) {
      return flat.get(NDArrayIndex.interval(from, from + block.length()));
    }

    /** The same place in one of the flat vectors, the indices in the state's order. */
    private INDArray inOrder(INDArray flat) {
      INDArray there =
          Nd4j.create(flat.data(), array.shape(), array.stride(), from, array.ordering());
      if (block.shape().rank() == 2) {
        return there.transpose();
      }
      return depthwise && there.rank() == 4 ? there.permute(2, 3, 0, 1) : there;
    }
  }

  StateViews(StateLayout layout, ComputationGraph graph, INDArray flat) {
    this.layout = layout;
    for (Block block : layout.blocks()) {
      Layer layer = graph.getLayer(block.node());
      INDArray array =
          NAMES.get(block.parameter().name()).stream()
              .map(name -> layer.paramTable(false).get(name))
              .filter(found -> found != null)
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("DL4J has no " + block.name()));
      boolean depthwise = layer.conf().getLayer() instanceof DepthwiseConvolution2D;
      long from = (address(array) - address(flat)) / Float.BYTES;
      views.add(new View(block, from, array, depthwise));
    }
  }

  private static long address(INDArray vector) {
    return vector.data().addressPointer().address();
  }

  List<View> ofRole(Role role) {
    return views.stream().filter(view -> view.role() == role).toList();
  }

  /** What is not statistics. */
  List<Network.Stretch> trained() {
    return views.stream()
        .filter(view -> view.role() != Role.STATISTIC)
        .map(view -> new Network.Stretch(Math.toIntExact(view.from), view.block.length()))
        .toList();
  }

  /** A flat vector in the state's order, little-endian. */
  byte[] read(INDArray flat) {
    byte[] state = new byte[layout.bytes()];
    FloatBuffer values = ModelState.floats(state);
    for (View view : views) {
      values.position(view.block.from()).put(view.inOrder(flat).dup('c').data().asFloat());
    }
    return state;
  }

  /** Refuses a state of another network. */
  void require(ModelState state) {
    layout.require(state);
  }

  void write(byte[] state, INDArray flat) {
    FloatBuffer values = ModelState.floats(state);
    for (View view : views) {
      float[] some = new float[view.block.length()];
      values.position(view.block.from()).get(some);
      INDArray target = view.inOrder(flat);
      try (INDArray source = Nd4j.create(some, target.shape(), 'c')) {
        target.assign(source);
      }
    }
  }
}
