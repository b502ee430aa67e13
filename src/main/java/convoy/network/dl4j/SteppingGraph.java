package convoy.network.dl4j;

import convoy.network.Architectures;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * A network as a graph that takes its steps itself, by Deeplearning4j's updater, for those who
 * train it by Deeplearning4j's ways. Its state is a {@link ModelState} like any other.
 */
public final class SteppingGraph {
  /** In the place of a rate of 0, by which the updater's momentum could not be told any more. */
  private static final double SMALLEST_RATE = 1e-12;

  private final ComputationGraph graph;
  private final INDArray parameters;
  private final StateViews views;
  private double rate = 1;

  /**
   * @param momentum Nesterov's, 0 to below 1: Deeplearning4j has no other
   * @param weightDecay L2 of weights
   */
  public SteppingGraph(NetworkSpec spec, double momentum, double weightDecay) {
    startLibrary();
    Blueprint blueprint = Architectures.blueprint(spec);
    graph =
        new ComputationGraph(
            Dl4jGraph.configuration(
                blueprint,
                new NeuralNetConfiguration.Builder()
                    .updater(new Nesterovs(rate, momentum))
                    .l2(weightDecay)));
    graph.init();
    parameters = graph.params().reshape(graph.params().length());
    views = new StateViews(StateLayout.of(blueprint), graph, parameters);
  }

  /** Has to come before any other use of Deeplearning4j in a JVM. */
  public static void startLibrary() {
    Onednn.start();
  }

  /** To be trained. */
  public ComputationGraph graph() {
    return graph;
  }

  /** Of the steps from now on. */
  public void learningRate(double next) {
    double wanted = Math.max(next, SMALLEST_RATE);
    if (wanted != rate) {
      // The updater's momentum is of steps: it has their rate in it.
      graph.getUpdater().getStateViewArray().muli(wanted / rate);
      graph.setLearningRate(wanted);
      rate = wanted;
    }
  }

  /** Goes to a state, to the same bits whatever was before. */
  public void restore(ModelState state) {
    views.require(state);
    learningRate(1);
    views.write(state.parameters(), parameters);
    try (INDArray momentum = Nd4j.zeros(parameters.dataType(), parameters.length())) {
      views.write(state.momentum(), momentum);
      INDArray steps = graph.getUpdater().getStateViewArray();
      for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
        if (remembers(block)) {
          steps(block, steps).assign(values(block, momentum)).negi();
        }
      }
    }
  }

  /** What training has come to. */
  public ModelState state() {
    try (INDArray momentum = Nd4j.zeros(parameters.dataType(), parameters.length())) {
      INDArray steps = graph.getUpdater().getStateViewArray();
      for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
        if (remembers(block)) {
          // Zeros stay positive.
          values(block, momentum).subi(steps(block, steps)).divi(rate);
        }
      }
      return new ModelState(views.read(parameters), views.read(momentum));
    }
  }

  /** Statistics have no steps. */
  private static boolean remembers(UpdaterBlock block) {
    return block.getUpdaterViewOffsetEnd() > block.getUpdaterViewOffsetStart();
  }

  private static INDArray values(UpdaterBlock block, INDArray flat) {
    return flat.get(NDArrayIndex.interval(block.getParamOffsetStart(), block.getParamOffsetEnd()));
  }

  private static INDArray steps(UpdaterBlock block, INDArray updater) {
    return updater
        .reshape(updater.length())
        .get(
            NDArrayIndex.interval(
                block.getUpdaterViewOffsetStart(), block.getUpdaterViewOffsetEnd()));
  }
}
