package convoy.dl4jspark;

import convoy.core.UserException;
import java.io.Serializable;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** A worker's network, of either of Deeplearning4j's two kinds. */
final class Replica {

  /**
   * What a fit begins with or came to.
   *
   * @param graph whether it is a computation graph's
   * @param configuration its JSON
   * @param updater state, empty if it has none
   * @param score mean over the last round's examples
   */
  record State(
      boolean graph,
      String configuration,
      float[] parameters,
      float[] updater,
      int iterations,
      int epochs,
      double score)
      implements Serializable {

    static State of(MultiLayerNetwork network) {
      MultiLayerConfiguration conf = network.getLayerWiseConfigurations();
      return new State(
          false,
          conf.toJson(),
          values(network.params()),
          values(network.getUpdater().getStateViewArray()),
          conf.getIterationCount(),
          conf.getEpochCount(),
          network.score());
    }

    static State of(ComputationGraph network) {
      ComputationGraphConfiguration conf = network.getConfiguration();
      return new State(
          true,
          conf.toJson(),
          values(network.params()),
          values(network.getUpdater().getStateViewArray()),
          conf.getIterationCount(),
          conf.getEpochCount(),
          network.score());
    }

    private static float[] values(INDArray array) {
      return array == null ? new float[0] : array.toFloatVector();
    }

    void giveTo(MultiLayerNetwork network) {
      give(network.params(), parameters);
      give(network.getUpdater().getStateViewArray(), updater);
      network.getLayerWiseConfigurations().setIterationCount(iterations);
    }

    void giveTo(ComputationGraph network) {
      give(network.params(), parameters);
      give(network.getUpdater().getStateViewArray(), updater);
      network.getConfiguration().setIterationCount(iterations);
    }

    private static void give(INDArray array, float[] values) {
      if (array != null) {
        array.assign(Nd4j.createFromArray(values).reshape(array.shape()));
      }
    }
  }

  private final MultiLayerNetwork layers;
  private final ComputationGraph graph;

  Replica(State begin) {
    if (begin.graph()) {
      layers = null;
      graph = new ComputationGraph(ComputationGraphConfiguration.fromJson(begin.configuration()));
      graph.init();
      begin.giveTo(graph);
    } else {
      graph = null;
      layers = new MultiLayerNetwork(MultiLayerConfiguration.fromJson(begin.configuration()));
      layers.init();
      begin.giveTo(layers);
    }
    if (parameters().dataType() != DataType.FLOAT) {
      throw new UserException(
          "Cannot average parameters of type %s: they have to be FLOAT. Set the network's dataType."
              .formatted(parameters().dataType()));
    }
  }

  /** The score before the step. */
  double fit(MultiDataSet minibatch) {
    if (graph == null) {
      layers.fit(minibatch);
      return layers.score();
    }
    graph.fit(minibatch);
    return graph.score();
  }

  INDArray parameters() {
    return graph == null ? layers.params() : graph.params();
  }

  /** Null if it has no state. */
  INDArray updater() {
    return graph == null
        ? layers.getUpdater().getStateViewArray()
        : graph.getUpdater().getStateViewArray();
  }

  State state() {
    return graph == null ? State.of(layers) : State.of(graph);
  }
}
