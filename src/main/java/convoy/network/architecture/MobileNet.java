package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;

/**
 * Howard et al. (2017), table 1, width 1: every convolution after the first is depthwise and then
 * 1x1, each with batch normalization and ReLU. The table's last stride of 2 is taken for 1, as its
 * own map sizes say.
 */
public final class MobileNet {
  private static final int[] FILTERS = {
    64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024
  };

  private MobileNet() {}

  public static Blueprint draw(Sketch sketch) {
    sketch.normalizedConvolution("conv1", 32, new SquareWindow(3, 2, 1)).relu("relu1");
    for (int i = 0; i < FILTERS.length; i++) {
      String name = "block%d".formatted(i + 1);
      int channels = sketch.shape().size(0);
      boolean halves = channels != FILTERS[i] && channels > 32;
      sketch
          .layer(
              name + "-depthwise",
              new LayerSpec.DepthwiseConvolution(1, 3, halves ? 2 : 1, 1, false))
          .layer(name + "-depthwise-bn", new LayerSpec.BatchNormalization())
          .relu(name + "-depthwise-relu")
          .normalizedConvolution(name + "-pointwise", FILTERS[i], new SquareWindow(1, 1, 0))
          .relu(name + "-relu");
    }
    return sketch.globalAveragePooling("pool").softmax("fc");
  }
}
