package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;
import java.util.List;

/**
 * Krizhevsky, Sutskever and Hinton (2012). One column, as lectures draw it, with normalization
 * after pooling; or as published: two columns, whose second, fourth and fifth convolutions see the
 * maps of their own column only, and normalization before pooling. Input 227 x 227. First weights
 * and biases as in section 5 of the paper.
 */
public final class AlexNet {
  /** What the dense layers are called, in the state too. */
  static final List<String> CLASSIFIER = List.of("fc6", "fc7", "fc8");

  private AlexNet() {}

  /**
   * @param groups 1 or 2
   */
  public static Blueprint draw(Sketch sketch, int groups, double dropout) {
    sketch
        .begin(FirstWeights.Scheme.GAUSSIAN, 0)
        .convolution("conv1", 96, new SquareWindow(11, 4, 0))
        .relu("relu1");
    normalizeAndPool(sketch, 1, groups)
        .bias(1)
        .convolution("conv2", 256, new SquareWindow(5, 1, 2), groups)
        .relu("relu2");
    normalizeAndPool(sketch, 2, groups)
        .bias(0)
        .convolution("conv3", 384, new SquareWindow(3, 1, 1))
        .relu("relu3")
        .bias(1)
        .convolution("conv4", 384, new SquareWindow(3, 1, 1), groups)
        .relu("relu4")
        .convolution("conv5", 256, new SquareWindow(3, 1, 1), groups)
        .relu("relu5")
        .maxPooling("pool5", new SquareWindow(3, 2, 0));
    return classifier(sketch, dropout, CLASSIFIER);
  }

  private static Sketch normalizeAndPool(Sketch sketch, int number, int groups) {
    String pool = "pool" + number;
    String norm = "norm" + number;
    SquareWindow halving = new SquareWindow(3, 2, 0);
    return groups == 1
        ? sketch.maxPooling(pool, halving).localResponseNormalization(norm)
        : sketch.localResponseNormalization(norm).maxPooling(pool, halving);
  }

  /**
   * Two dense layers of 4096, whose outputs are dropped, and the output; ZFNet and VGG have the
   * same.
   *
   * @param keys of the three, see {@link Sketch#keyed}
   */
  static Blueprint classifier(Sketch sketch, double dropout, List<String> keys) {
    return sketch
        .keyed(keys.get(0))
        .dense("fc6", 4096)
        .relu("relu6")
        .dropout("drop6", dropout)
        .keyed(keys.get(1))
        .dense("fc7", 4096)
        .relu("relu7")
        .dropout("drop7", dropout)
        .bias(0)
        .keyed(keys.get(2))
        .softmax("fc8");
  }
}
