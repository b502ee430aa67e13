package convoy.network.layer;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link RepeatedChannels} at work. */
@SuppressWarnings("overrides") // DL4J declares one method with an array and with varargs.
final class RepeatedChannelsComputation extends MapVertex {
  private final int times;

  RepeatedChannelsComputation(
      ComputationGraph graph, String name, int index, DataType type, int times) {
    super(graph, name, index, type);
    this.times = times;
  }

  @Override
  public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
    INDArray input = inputs[0];
    float[] values = NativeMemory.values(input);
    float[] repeated = new float[values.length * times];
    int plane = plane();
    for (int copy = 0; copy < repeated.length / plane; copy++) {
      System.arraycopy(values, copy / times * plane, repeated, copy * plane, plane);
    }
    return NativeMemory.array(
        repeated,
        ArrayType.ACTIVATIONS,
        workspaces,
        input.size(0),
        input.size(1) * times,
        input.size(2),
        input.size(3));
  }

  @Override
  public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
    float[] errors = NativeMemory.values(epsilon);
    float[] sums = new float[errors.length / times];
    int plane = plane();
    for (int copy = 0; copy < errors.length / plane; copy++) {
      int to = copy / times * plane;
      int from = copy * plane;
      for (int i = 0; i < plane; i++) {
        sums[to + i] += errors[from + i];
      }
    }
    return new Pair<>(
        null,
        new INDArray[] {
          NativeMemory.array(sums, ArrayType.ACTIVATION_GRAD, workspaces, inputs[0].shape())
        });
  }

  private int plane() {
    return (int) (inputs[0].size(2) * inputs[0].size(3));
  }
}
