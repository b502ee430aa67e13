package convoy.network.dl4j;

import convoy.convolution.Shape;
import convoy.data.reading.Minibatch;
import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import convoy.network.architecture.Blueprint;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Minibatches as the graph of a network takes them. */
public final class Examples {
  private final Shape input;
  private final int classes;
  private final int heads;

  /** For those who train a graph by Deeplearning4j's ways. */
  public Examples(NetworkSpec spec) {
    this(Architectures.blueprint(spec));
    SteppingGraph.startLibrary();
  }

  Examples(Blueprint blueprint) {
    input = blueprint.input();
    classes = blueprint.output().output().size(0);
    heads = Dl4jGraph.outputs(blueprint).size();
  }

  INDArray inputs(float[] values, int examples) {
    return Nd4j.create(
        values, new long[] {examples, input.size(0), input.size(1), input.size(2)}, 'c');
  }

  INDArray labels(Minibatch minibatch, double smoothing) {
    return Nd4j.create(
        minibatch.targets(classes, smoothing), new long[] {minibatch.examples(), classes}, 'c');
  }

  /** The same labels for the output and all heads. */
  INDArray[] everyHead(INDArray labels) {
    INDArray[] all = new INDArray[heads];
    Arrays.fill(all, labels);
    return all;
  }

  /**
   * @param smoothing of labels
   */
  public MultiDataSet of(Minibatch minibatch, double smoothing) {
    return new MultiDataSet(
        new INDArray[] {inputs(minibatch.inputs(), minibatch.examples())},
        everyHead(labels(minibatch, smoothing)));
  }
}
