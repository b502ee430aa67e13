package convoy.network.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.DepthwiseConvolution2DLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's depthwise convolution without the second forward pass that its backward pass begins with;
 * same parameters, same results. Without an activation of its own.
 */
public final class DepthwiseConvolution extends DepthwiseConvolution2D {

  /** For Jackson, which DL4J keeps configurations with. */
  private DepthwiseConvolution() {}

  public DepthwiseConvolution(DepthwiseConvolution2D.Builder builder) {
    super(builder.activation(new ActivationIdentity()));
  }

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    Computation layer = new Computation(conf, type);
    layer.setParamsViewArray(parameters);
    layer.setParamTable(initializer().init(conf, parameters, initialize));
    return Placed.at(index, layer, listeners);
  }

  private static final class Computation extends DepthwiseConvolution2DLayer {
    private INDArray incoming;

    Computation(NeuralNetConfiguration conf, DataType type) {
      super(conf, type);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
        INDArray epsilon, LayerWorkspaceMgr workspaces) {
      incoming = epsilon;
      try {
        return super.backpropGradient(epsilon, workspaces);
      } finally {
        incoming = null;
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
}
