package convoy.network.layer;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.network.Backend;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class NativeMemoryIT {

  @Test
  void valuesComeInTheOrderOfTheIndicesHoweverTheyLie() {
    Backend.start();
    INDArray array = Nd4j.arange(24).castTo(DataType.FLOAT).reshape('c', 2, 3, 4);
    assertThat(NativeMemory.values(array)).startsWith(0, 1, 2, 3).hasSize(24);
    assertThat(NativeMemory.values(array.permute(0, 2, 1))).startsWith(0, 4, 8, 1, 5, 9);
    assertThat(NativeMemory.values(array.dup('f'))).startsWith(0, 1, 2, 3);
    assertThat(NativeMemory.values(array.get(NDArrayIndex.point(1)))).startsWith(12, 13, 14);
  }
}
