package convoy.network.layer;

import convoy.convolution.Window;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link PaddedShortcut} at work. */
@SuppressWarnings("overrides") // DL4J declares one method with an array and with varargs.
final class PaddedShortcutComputation extends MapVertex {
  private final int channels;
  private final int stride;

  PaddedShortcutComputation(
      ComputationGraph graph, String name, int index, DataType type, int channels, int stride) {
    super(graph, name, index, type);
    this.channels = channels;
    this.stride = stride;
  }

  @Override
  public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
    float[] values = NativeMemory.values(inputs[0]);
    int images = (int) inputs[0].size(0);
    float[] output = new float[images * channels * rows() * columns()];
    eachKept((inInput, inOutput) -> output[inOutput] = values[inInput]);
    return NativeMemory.array(
        output, ArrayType.ACTIVATIONS, workspaces, images, channels, rows(), columns());
  }

  @Override
  public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
    float[] errors = NativeMemory.values(epsilon);
    float[] gradient = new float[(int) inputs[0].length()];
    eachKept((inInput, inOutput) -> gradient[inInput] = errors[inOutput]);
    return new Pair<>(
        null,
        new INDArray[] {
          NativeMemory.array(gradient, ArrayType.ACTIVATION_GRAD, workspaces, inputs[0].shape())
        });
  }

  private interface Kept {
    void visit(int inInput, int inOutput);
  }

  /** Every value of the input that goes through, and its place in the output. */
  private void eachKept(Kept visitor) {
    int images = (int) inputs[0].size(0);
    int known = (int) inputs[0].size(1);
    int height = (int) inputs[0].size(2);
    int width = (int) inputs[0].size(3);
    int rows = rows();
    int columns = columns();
    for (int image = 0; image < images; image++) {
      for (int channel = 0; channel < known; channel++) {
        for (int j = 0; j < rows; j++) {
          int from = ((image * known + channel) * height + j * stride) * width;
          int to = ((image * channels + channel) * rows + j) * columns;
          for (int k = 0; k < columns; k++) {
            visitor.visit(from + k * stride, to + k);
          }
        }
      }
    }
  }

  private int rows() {
    return every().output((int) inputs[0].size(2));
  }

  private int columns() {
    return every().output((int) inputs[0].size(3));
  }

  private Window every() {
    return Window.valid(1).strided(stride);
  }
}
