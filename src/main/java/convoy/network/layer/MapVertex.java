package convoy.network.layer;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What DL4J asks of a vertex that has neither parameters nor masks. */
@SuppressWarnings("overrides") // DL4J declares one method with an array and with varargs.
abstract class MapVertex extends BaseGraphVertex {

  MapVertex(ComputationGraph graph, String name, int index, DataType type) {
    super(graph, name, index, null, null, type);
  }

  @Override
  public boolean hasLayer() {
    return false;
  }

  @Override
  public Layer getLayer() {
    return null;
  }

  @Override
  public void setBackpropGradientsViewArray(INDArray gradients) {
    if (gradients != null) {
      throw new IllegalStateException(getVertexName() + " has no parameters");
    }
  }

  @Override
  public Pair<INDArray, MaskState> feedForwardMaskArrays(
      INDArray[] masks, MaskState state, int minibatch) {
    return null;
  }

  @Override
  public String toString() {
    return "%s(%s)".formatted(getClass().getSimpleName(), getVertexName());
  }
}
