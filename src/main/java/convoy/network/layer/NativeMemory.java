package convoy.network.layer;

import org.bytedeco.javacpp.FloatPointer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;

/** Copies between the engine's memory and the heap, where Java's own loops are fast. */
final class NativeMemory {
  private NativeMemory() {}

  /** The values of an array, the last index running fastest. */
  static float[] values(INDArray array) {
    float[] values = new float[Math.toIntExact(array.length())];
    of(inOrder(array)).get(values);
    return values;
  }

  /** The same values in one piece, the last index running fastest; the array itself if it is so. */
  static INDArray inOrder(INDArray array) {
    // A permuted array may call its order c all the same.
    boolean ordered =
        array.ordering() == 'c' && !array.isView() && Shape.hasDefaultStridesForShape(array);
    return ordered ? array : array.dup('c');
  }

  /** Reads consecutive values, from {@code start} on, as many as there is room for. */
  static void read(INDArray array, long start, float[] values) {
    of(array).getPointer(start).get(values);
  }

  /** Writes consecutive values, from {@code start} on. */
  static void write(float[] values, INDArray array, long start) {
    of(array).getPointer(start).put(values);
  }

  /** A new array of these values, the last index running fastest. */
  static INDArray array(
      float[] values, ArrayType memory, LayerWorkspaceMgr workspaces, long... shape) {
    INDArray array = workspaces.createUninitialized(memory, DataType.FLOAT, shape, 'c');
    of(array).put(values);
    return array;
  }

  /** The memory of an array that lies in one piece. */
  static FloatPointer of(INDArray array) {
    return (FloatPointer) array.data().addressPointer();
  }
}
