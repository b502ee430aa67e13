package convoy.network.architecture;

import convoy.network.architecture.Sketch.Window;

/**
 * Krizhevsky, Sutskever and Hinton (2012). One column, as lectures draw it, or the paper's two,
 * whose second, fourth and fifth convolutions see the maps of their own column only. Input 227 x
 * 227, normalization after pooling. First weights and biases as in section 5 of the paper.
 */
public final class AlexNet {
  private AlexNet() {}

  /**
   * @param groups 1 or 2
   */
  public static Blueprint draw(Sketch sketch, int groups, double dropout) {
    sketch
        .begin(FirstWeights.Scheme.GAUSSIAN, 0)
        .convolution("conv1", 96, new Window(11, 4, 0))
        .relu("relu1")
        .maxPooling("pool1", new Window(3, 2, 0))
        .localResponseNormalization("norm1")
        .bias(1)
        .convolution("conv2", 256, new Window(5, 1, 2), groups)
        .relu("relu2")
        .maxPooling("pool2", new Window(3, 2, 0))
        .localResponseNormalization("norm2")
        .bias(0)
        .convolution("conv3", 384, new Window(3, 1, 1))
        .relu("relu3")
        .bias(1)
        .convolution("conv4", 384, new Window(3, 1, 1), groups)
        .relu("relu4")
        .convolution("conv5", 256, new Window(3, 1, 1), groups)
        .relu("relu5")
        .maxPooling("pool5", new Window(3, 2, 0));
    return classifier(sketch, dropout);
  }

  /** Two dense layers of 4096 and the output; ZFNet and VGG have the same. */
  static Blueprint classifier(Sketch sketch, double dropout) {
    return sketch
        .dropout("drop6", dropout)
        .dense("fc6", 4096)
        .relu("relu6")
        .dropout("drop7", dropout)
        .dense("fc7", 4096)
        .relu("relu7")
        .bias(0)
        .softmax("fc8");
  }
}
