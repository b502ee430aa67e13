package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;

/**
 * Zeiler and Fergus (2014): AlexNet with a first window of 7x7 and stride 2, a second of 5x5 and
 * stride 2, in one column; the network of their figure 3. Input 224 x 224, first weights of
 * deviation 0.01 and biases 0 (section 3.1).
 */
public final class ZfNet {
  private ZfNet() {}

  public static Blueprint draw(Sketch sketch, double dropout) {
    sketch
        .begin(FirstWeights.Scheme.GAUSSIAN, 0)
        .convolution("conv1", 96, new SquareWindow(7, 2, 1))
        .relu("relu1")
        .maxPooling("pool1", new SquareWindow(3, 2, 1))
        .localResponseNormalization("norm1")
        .convolution("conv2", 256, new SquareWindow(5, 2, 0))
        .relu("relu2")
        .maxPooling("pool2", new SquareWindow(3, 2, 1))
        .localResponseNormalization("norm2")
        .convolution("conv3", 384, new SquareWindow(3, 1, 1))
        .relu("relu3")
        .convolution("conv4", 384, new SquareWindow(3, 1, 1))
        .relu("relu4")
        .convolution("conv5", 256, new SquareWindow(3, 1, 1))
        .relu("relu5")
        .maxPooling("pool5", new SquareWindow(3, 2, 0));
    return AlexNet.classifier(sketch, dropout, AlexNet.CLASSIFIER);
  }
}
