package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.network.NetworkSpec;
import convoy.network.StateLayout.Block;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * In which order a network's maps and kernels lie in memory. With channels last, oneDNN reads and
 * writes maps as they are; otherwise it reorders them at every convolution. Measured network by
 * network, channels last is up to twice as fast; only VGG's many windows of 3x3 have slow kernels
 * for it on processors with AVX2. It follows from the network alone: all workers have the same, as
 * it decides in which order products are summed.
 */
final class MemoryOrder {
  private static final String PLAIN = "vgg";
  private static final List<Integer> CHANNELS_LAST = List.of(0, 2, 3, 1);

  /** Kernels of one tile, or of one place, after one another. */
  private static final List<Integer> TILES_FIRST = List.of(4, 5, 0, 1, 2, 3);

  private static final List<Integer> PLACES_FIRST = List.of(1, 2, 0, 3, 4, 5);

  private final boolean channelsLast;
  private final Map<String, LayerSpec> layers = new HashMap<>();

  private MemoryOrder(boolean channelsLast, Blueprint blueprint) {
    this.channelsLast = channelsLast;
    blueprint.nodes().forEach(node -> layers.put(node.name(), node.layer()));
  }

  static MemoryOrder of(NetworkSpec spec, Blueprint blueprint) {
    return new MemoryOrder(!spec.architecture().startsWith(PLAIN), blueprint);
  }

  MemoryFormat maps() {
    return channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
  }

  /** In values, of each index of an array. */
  long[] strides(Block block) {
    Shape shape = block.shape();
    List<Integer> order = order(block);
    long[] strides = new long[shape.rank()];
    long stride = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      int index = order.isEmpty() ? i : order.get(i);
      strides[index] = stride;
      stride *= shape.size(index);
    }
    return strides;
  }

  /** Indices from the slowest to the fastest; empty for the state's own order. */
  private List<Integer> order(Block block) {
    LayerSpec layer = layers.get(block.node());
    if (layer instanceof LayerSpec.TiledConvolution && block.shape().rank() == 6) {
      return TILES_FIRST;
    }
    if (layer instanceof LayerSpec.UnsharedConvolution && block.shape().rank() == 6) {
      return PLACES_FIRST;
    }
    boolean kernel =
        block.shape().rank() == 4
            && (layer instanceof LayerSpec.Convolution
                || layer instanceof LayerSpec.DepthwiseConvolution);
    return channelsLast && kernel ? CHANNELS_LAST : List.of();
  }
}
