package convoy.network.architecture;

import convoy.network.architecture.GraphSketch.Window;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.weights.WeightInitDistribution;

/**
 * Krizhevsky, Sutskever and Hinton (2012) in one column, without groups, as lectures draw it: input
 * 227 x 227, normalization after pooling. First weights and biases as in section 5 of the paper.
 */
public final class AlexNet {
  private static final double WEIGHT_DEVIATION = 0.01;

  private AlexNet() {}

  public static ComputationGraphConfiguration build(GraphSketch sketch, double dropout) {
    return sketch
        .weights(new WeightInitDistribution(new NormalDistribution(0, WEIGHT_DEVIATION)))
        .convolution("conv1", 96, new Window(11, 4, 0), 0)
        .relu("relu1")
        .maxPooling("pool1", new Window(3, 2, 0))
        .localResponseNormalization("norm1")
        .convolution("conv2", 256, new Window(5, 1, 2), 1)
        .relu("relu2")
        .maxPooling("pool2", new Window(3, 2, 0))
        .localResponseNormalization("norm2")
        .convolution("conv3", 384, new Window(3, 1, 1), 0)
        .relu("relu3")
        .convolution("conv4", 384, new Window(3, 1, 1), 1)
        .relu("relu4")
        .convolution("conv5", 256, new Window(3, 1, 1), 1)
        .relu("relu5")
        .maxPooling("pool5", new Window(3, 2, 0))
        .dense("fc6", 4096, 1, dropout)
        .dense("fc7", 4096, 1, dropout)
        .softmax("fc8");
  }
}
