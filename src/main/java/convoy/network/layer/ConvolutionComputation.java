package convoy.network.layer;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.ConvolutionHelper;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two things that DL4J's layer does and that cost time for nothing, measured on ResNet-18 at 64
 * pixels with oneDNN 2.3:
 *
 * <ul>
 *   <li>Its backward pass begins with another forward pass, to have the activation's input. Without
 *       an activation nobody looks at it.
 *   <li>For maps of a few pixels oneDNN picks Winograd kernels, whose tiles of 4x4 are then mostly
 *       padding: 78 ms for 512 channels of 2x2 where two matrix products take 20.
 * </ul>
 */
final class ConvolutionComputation extends ConvolutionLayer {
  private static final long FEW_PIXELS = 16;
  private INDArray incoming;

  ConvolutionComputation(NeuralNetConfiguration conf, DataType type) {
    super(conf, type);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
    ConvolutionHelper oneDnn = helper;
    boolean few =
        epsilon.size(2) * epsilon.size(3) <= FEW_PIXELS && layerConf().getKernelSize()[0] > 1;
    incoming = epsilon;
    try {
      helper = few ? null : oneDnn;
      return super.backpropGradient(epsilon, workspaces);
    } finally {
      incoming = null;
      helper = oneDnn;
    }
  }

  @Override
  protected Pair<INDArray, INDArray> preOutput4d(
      boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
    // The identity's derivative asks for an array of this shape and does not read it.
    return forBackprop
        ? new Pair<>(incoming, null)
        : super.preOutput4d(training, false, workspaces);
  }
}
