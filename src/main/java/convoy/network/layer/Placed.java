package convoy.network.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.optimize.api.TrainingListener;

/** What every layer is told when it takes its place in a network. */
final class Placed {
  private Placed() {}

  static Layer at(int index, Layer layer, Collection<TrainingListener> listeners) {
    layer.setIndex(index);
    layer.setListeners(listeners);
    return layer;
  }
}
