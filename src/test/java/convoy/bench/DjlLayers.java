package convoy.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.LayerVisitor;

/** DJL's standard blocks; for one node of the network at a time. */
final class DjlLayers implements LayerVisitor<Block> {
  private static final float STATISTICS_MOMENTUM = 0.9f;
  private static final float EPSILON = 1e-5f;
  private static final int RESPONSE_REACH = 2;
  private static final float RESPONSE_OFFSET = 2;
  private static final float RESPONSE_FACTOR = 1e-4f;

  private final Node node;
  private final NDManager owner;

  /**
   * @param owner of the constants
   */
  DjlLayers(Node node, NDManager owner) {
    this.node = node;
    this.owner = owner;
  }

  private int channels() {
    return node.inputShape().size(0);
  }

  private static Shape square(int side) {
    return new Shape(side, side);
  }

  @Override
  public Block convolution(LayerSpec.Convolution layer) {
    return kernels(layer, layer.filters(), layer.groups(), layer.biased());
  }

  @Override
  public Block depthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return kernels(layer, channels() * layer.multiplier(), channels(), layer.biased());
  }

  private static Block kernels(LayerSpec.Moving layer, int filters, int groups, boolean biased) {
    return Conv2d.builder()
        .setKernelShape(square(layer.size()))
        .setFilters(filters)
        .optStride(square(layer.stride()))
        .optPadding(square(layer.padding()))
        .optDilation(square(layer.dilation()))
        .optGroups(groups)
        .optBias(biased)
        .build();
  }

  @Override
  public Block transposedConvolution(LayerSpec.TransposedConvolution layer) {
    throw new UnsupportedOperationException(layer.words());
  }

  @Override
  public Block tiledConvolution(LayerSpec.TiledConvolution layer) {
    throw new UnsupportedOperationException(layer.words());
  }

  @Override
  public Block unsharedConvolution(LayerSpec.UnsharedConvolution layer) {
    throw new UnsupportedOperationException(layer.words());
  }

  @Override
  public Block maxPooling(LayerSpec.MaxPooling layer) {
    return Pool.maxPool2dBlock(
        square(layer.size()), square(layer.stride()), square(layer.padding()));
  }

  @Override
  public Block averagePooling(LayerSpec.AveragePooling layer) {
    return Pool.avgPool2dBlock(
        square(layer.size()), square(layer.stride()), square(layer.padding()), false, false);
  }

  @Override
  public Block globalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return Pool.globalAvgPool2dBlock();
  }

  @Override
  public Block dense(LayerSpec.Dense layer) {
    return dense(layer.neurons());
  }

  /** Scores; the loss and the probabilities follow from them. */
  @Override
  public Block softmax(LayerSpec.Softmax layer) {
    return dense(layer.classes());
  }

  private Block dense(int neurons) {
    Block linear = Linear.builder().setUnits(neurons).build();
    if (node.inputShape().sizes().size() == 1) {
      return linear;
    }
    return new SequentialBlock().add(Blocks.batchFlattenBlock()).add(linear);
  }

  @Override
  public Block batchNormalization(LayerSpec.BatchNormalization layer) {
    return BatchNorm.builder().optMomentum(STATISTICS_MOMENTUM).optEpsilon(EPSILON).build();
  }

  /** The window's sum is a 1x1 convolution with a band; the power of 0.75 is two square roots. */
  @Override
  public Block localResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    NDArray band = band(channels());
    return LambdaBlock.singleton(
        map -> {
          try (NDArray squares = map.square();
              NDArray sums = Conv2d.conv2d(squares, band).singletonOrThrow();
              NDArray shifted = sums.add(RESPONSE_OFFSET);
              NDArray root = shifted.sqrt();
              NDArray rootOfRoot = root.sqrt();
              NDArray power = root.mul(rootOfRoot)) {
            return map.div(power);
          }
        },
        "localResponseNormalization");
  }

  private NDArray band(int channels) {
    float[] values = new float[channels * channels];
    for (int i = 0; i < channels; i++) {
      int to = Math.min(channels - 1, i + RESPONSE_REACH);
      for (int j = Math.max(0, i - RESPONSE_REACH); j <= to; j++) {
        values[i * channels + j] = RESPONSE_FACTOR;
      }
    }
    return owner.create(values, new Shape(channels, channels, 1, 1));
  }

  @Override
  public Block relu(LayerSpec.Relu layer) {
    return Activation.reluBlock();
  }

  @Override
  public Block dropout(LayerSpec.Dropout layer) {
    return Dropout.builder().optRate((float) layer.probability()).build();
  }

  @Override
  public Block paddedShortcut(LayerSpec.PaddedShortcut layer) {
    NDIndex everyOther = new NDIndex(":, :, ::%1$d, ::%1$d".formatted(layer.stride()));
    Shape added = new Shape(0, 0, 0, 0, 0, layer.channels() - channels());
    return LambdaBlock.singleton(
        map -> {
          try (NDArray places = map.get(everyOther)) {
            return places.pad(added, 0);
          }
        },
        "paddedShortcut");
  }

  @Override
  public Block sum(LayerSpec.Sum layer) {
    return new LambdaBlock(maps -> new NDList(maps.get(0).add(maps.get(1))), "sum");
  }

  @Override
  public Block concatenation(LayerSpec.Concatenation layer) {
    return new LambdaBlock(maps -> new NDList(NDArrays.concat(maps, 1)), "concatenation");
  }
}
