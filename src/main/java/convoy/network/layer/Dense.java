package convoy.network.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's dense layer without the second forward pass that its backward pass begins with; same
 * parameters, same results. Without an activation of its own.
 */
public final class Dense extends DenseLayer {

  /** For Jackson, which DL4J keeps configurations with. */
  private Dense() {}

  public Dense(int neurons, IWeightInit weights, double bias) {
    setNOut(neurons);
    setWeightInitFn(weights);
    setBiasInit(bias);
    setActivationFn(new ActivationIdentity());
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

  private static final class Computation
      extends org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer {
    private INDArray incoming;

    Computation(NeuralNetConfiguration conf, DataType type) {
      super(conf, type);
    }

    @Override
    public Pair<org.deeplearning4j.nn.gradient.Gradient, INDArray> backpropGradient(
        INDArray epsilon, LayerWorkspaceMgr workspaces) {
      incoming = epsilon;
      try {
        return super.backpropGradient(epsilon, workspaces);
      } finally {
        incoming = null;
      }
    }

    @Override
    protected Pair<INDArray, INDArray> preOutputWithPreNorm(
        boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
      // The identity's derivative asks for an array of this shape and does not read it.
      return forBackprop
          ? new Pair<>(incoming, incoming)
          : super.preOutputWithPreNorm(training, false, workspaces);
    }
  }
}
