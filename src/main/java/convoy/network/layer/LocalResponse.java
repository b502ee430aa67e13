package convoy.network.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalization across channels with the constants of Krizhevsky et al. (2012, section 3.3): {@code
 * b(i) = a(i) / (2 + 0.0001 * sum over j from i - 2 to i + 2 of a(j)^2)^0.75}. DL4J's own layer
 * takes 200 ns a value and step, a third of AlexNet's time.
 */
public final class LocalResponse extends LocalResponseNormalization {

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    return Placed.at(index, new LocalResponseComputation(conf, type), listeners);
  }
}
