package convoy.network.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's convolution with a faster backward pass; same parameters, same results. Without an
 * activation of its own.
 */
public final class Convolution extends ConvolutionLayer {

  /** For Jackson, which DL4J keeps configurations with. */
  private Convolution() {}

  public Convolution(ConvolutionLayer.Builder builder) {
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
    ConvolutionComputation layer = new ConvolutionComputation(conf, type);
    layer.setParamsViewArray(parameters);
    layer.setParamTable(initializer().init(conf, parameters, initialize));
    return Placed.at(index, layer, listeners);
  }
}
