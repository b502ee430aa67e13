package convoy.network.layer;

import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Copies between the engine's memory and the heap, where Java's own loops are fast. */
final class NativeMemory {
  private NativeMemory() {}

  /** The values of an array, the last index running fastest. */
  static float[] values(INDArray array) {
    float[] values = new float[Math.toIntExact(array.length())];
    boolean inOrder = array.ordering() == 'c' && !array.isView();
    of(inOrder ? array : array.dup('c')).get(values);
    return values;
  }

  /** The memory of an array that lies in one piece. */
  static FloatPointer of(INDArray array) {
    return (FloatPointer) array.data().addressPointer();
  }
}
