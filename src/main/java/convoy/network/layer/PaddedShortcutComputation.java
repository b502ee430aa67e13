package convoy.network.layer;

import convoy.convolution.Window;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** {@link PaddedShortcut} at work. */
@SuppressWarnings("overrides") // DL4J declares one method with an array and with varargs.
final class PaddedShortcutComputation extends BaseGraphVertex {
  private final int channels;
  private final int stride;

  PaddedShortcutComputation(
      ComputationGraph graph, String name, int index, DataType type, int channels, int stride) {
    super(graph, name, index, null, null, type);
    this.channels = channels;
    this.stride = stride;
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
  public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
    INDArray input = inputs[0];
    Window every = Window.valid(1).strided(stride);
    INDArray output =
        workspaces.create(
            ArrayType.ACTIVATIONS,
            input.dataType(),
            new long[] {
              input.size(0),
              channels,
              every.output((int) input.size(2)),
              every.output((int) input.size(3))
            },
            'c');
    output.get(known(input)).assign(input.get(kept(input)));
    return output;
  }

  @Override
  public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
    INDArray input = inputs[0];
    INDArray gradient =
        workspaces.create(ArrayType.ACTIVATION_GRAD, input.dataType(), input.shape(), 'c');
    gradient.get(kept(input)).assign(epsilon.get(known(input)));
    return new Pair<>(null, new INDArray[] {gradient});
  }

  /** The places of the input that go through. */
  private INDArrayIndex[] kept(INDArray input) {
    return new INDArrayIndex[] {
      NDArrayIndex.all(),
      NDArrayIndex.all(),
      NDArrayIndex.interval(0, stride, input.size(2)),
      NDArrayIndex.interval(0, stride, input.size(3))
    };
  }

  /** The places of the output that the input has channels for. */
  private static INDArrayIndex[] known(INDArray input) {
    return new INDArrayIndex[] {
      NDArrayIndex.all(),
      NDArrayIndex.interval(0, input.size(1)),
      NDArrayIndex.all(),
      NDArrayIndex.all()
    };
  }

  @Override
  public void setBackpropGradientsViewArray(INDArray gradients) {
    if (gradients != null) {
      throw new IllegalStateException("A shortcut has no parameters");
    }
  }

  @Override
  public Pair<INDArray, MaskState> feedForwardMaskArrays(
      INDArray[] masks, MaskState state, int minibatch) {
    return null;
  }

  @Override
  public String toString() {
    return "PaddedShortcut(%s, %d channels, stride %d)"
        .formatted(getVertexName(), channels, stride);
  }
}
