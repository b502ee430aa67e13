package convoy.dl4jspark;

import convoy.network.dl4j.SteppingGraph;
import convoy.rounds.DriverRounds;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** What workers' minibatches lose before their steps; dl4j-spark tells only of the last ones. */
final class Losses extends BaseTrainingListener implements Serializable {
  private final DoubleAccumulator sum;
  private final LongAccumulator examples;

  Losses(JavaSparkContext spark) {
    sum = spark.sc().doubleAccumulator();
    examples = spark.sc().longAccumulator();
  }

  void begin() {
    sum.reset();
    examples.reset();
  }

  DriverRounds.Seen seen() {
    return new DriverRounds.Seen(examples.value(), sum.value());
  }

  /** The score without what weight decay adds to it. */
  @Override
  public void onGradientCalculation(Model model) {
    ComputationGraph graph = (ComputationGraph) model;
    int size = graph.batchSize();
    sum.add((graph.score() - graph.calcRegularizationScore(true)) * size);
    examples.add(size);
  }

  /** Comes to an executor with the task, before any array does. */
  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    SteppingGraph.startLibrary();
    in.defaultReadObject();
  }
}
