package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;

/**
 * The digit recognizer in the form that Caffe made common: two convolutions of 5x5, two max
 * poolings, one hidden dense layer; after LeCun et al. (1998).
 */
public final class LeNet {
  private LeNet() {}

  public static Blueprint draw(Sketch sketch, double dropout) {
    return sketch
        .convolution("conv1", 20, new SquareWindow(5, 1, 0))
        .relu("relu1")
        .maxPooling("pool1", new SquareWindow(2, 2, 0))
        .convolution("conv2", 50, new SquareWindow(5, 1, 0))
        .relu("relu2")
        .maxPooling("pool2", new SquareWindow(2, 2, 0))
        .dropout("drop3", dropout)
        .dense("fc3", 500)
        .relu("relu3")
        .softmax("output");
  }
}
