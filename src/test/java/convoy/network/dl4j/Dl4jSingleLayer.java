package convoy.network.dl4j;

import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import convoy.network.SingleLayer;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A layer of DL4J's. */
public final class Dl4jSingleLayer implements SingleLayer {
  private static final String DISABLED = "org.eclipse.deeplearning4j.helpers.disable";
  private static final LayerWorkspaceMgr MEMORY = LayerWorkspaceMgr.noWorkspaces();

  private final Blueprint.Node node;
  private final StateLayout layout;
  private final ComputationGraph graph;
  private final GraphVertex vertex;
  private final StateViews views;
  private final INDArray parameters;
  private final boolean before;

  public Dl4jSingleLayer(Blueprint blueprint, boolean oneDnn) {
    Onednn.start();
    before = Boolean.getBoolean(DISABLED);
    System.setProperty(DISABLED, String.valueOf(before || !oneDnn));
    Nd4j.getEnvironment().allowHelpers(oneDnn);
    node = blueprint.nodes().get(0);
    layout = StateLayout.of(blueprint);
    graph = Dl4jGraph.of(blueprint);
    vertex = graph.getVertex(node.name());
    parameters = graph.params().reshape(graph.params().length());
    views = new StateViews(layout, graph, parameters);
  }

  @Override
  public StateLayout layout() {
    return layout;
  }

  @Override
  public void restore(byte[] values) {
    views.write(values, parameters);
  }

  @Override
  public Tensor[] forward(Tensor... examples) {
    INDArray input = batch(node.inputShape(), examples);
    graph.setInputs(input);
    vertex.setInput(0, input, MEMORY);
    return examples(vertex.doForward(true, MEMORY), node.output());
  }

  @Override
  public Tensor[] backward(Tensor... outputGradients) {
    vertex.setEpsilon(batch(node.output(), outputGradients));
    return examples(vertex.doBackward(false, MEMORY).getSecond()[0], node.inputShape());
  }

  @Override
  public byte[] gradients() {
    INDArray gradient = graph.getGradientsViewArray();
    return views.read(gradient.reshape(gradient.length()));
  }

  private static INDArray batch(Shape shape, Tensor... examples) {
    long[] sizes = new long[shape.rank() + 1];
    sizes[0] = examples.length;
    for (int d = 0; d < shape.rank(); d++) {
      sizes[d + 1] = shape.size(d);
    }
    return Nd4j.create(SingleLayer.batch(examples), sizes, 'c');
  }

  private static Tensor[] examples(INDArray batch, Shape shape) {
    return SingleLayer.examples(batch.dup('c').data().asFloat(), shape);
  }

  @Override
  public void close() {
    graph.close();
    System.setProperty(DISABLED, String.valueOf(before));
    Nd4j.getEnvironment().allowHelpers(true);
  }
}
