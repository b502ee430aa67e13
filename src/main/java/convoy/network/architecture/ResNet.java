package convoy.network.architecture;

import convoy.network.architecture.GraphSketch.Window;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;

/** Residual networks (He et al., 2016) with basic blocks and projection shortcuts. */
public final class ResNet {
  private static final List<Integer> BLOCKS_18 = List.of(2, 2, 2, 2);
  private static final int FIRST_FILTERS = 64;

  private ResNet() {}

  /**
   * @param largeStem 7x7 with stride 2 and pooling; otherwise 3x3 with stride 1
   */
  public static ComputationGraphConfiguration resnet18(GraphSketch sketch, boolean largeStem) {
    sketch
        .convolution("conv1", FIRST_FILTERS, largeStem ? new Window(7, 2, 3) : new Window(3, 1, 1))
        .batchNormalization("bn1")
        .relu("relu1");
    if (largeStem) {
      sketch.maxPooling("pool1", new Window(3, 2, 1));
    }
    int filters = FIRST_FILTERS;
    for (int stage = 0; stage < BLOCKS_18.size(); stage++, filters *= 2) {
      for (int block = 0; block < BLOCKS_18.get(stage); block++) {
        boolean shrinks = stage > 0 && block == 0;
        basicBlock(sketch, "stage%d-block%d".formatted(stage + 1, block + 1), filters, shrinks);
      }
    }
    return sketch.globalAveragePooling("pool").softmax("fc");
  }

  private static void basicBlock(GraphSketch sketch, String name, int filters, boolean shrinks) {
    String input = sketch.last();
    sketch
        .convolution(name + "-conv1", filters, new Window(3, shrinks ? 2 : 1, 1))
        .batchNormalization(name + "-bn1")
        .relu(name + "-relu1")
        .convolution(name + "-conv2", filters, new Window(3, 1, 1))
        .batchNormalization(name + "-bn2");
    String residual = sketch.last();
    if (shrinks) {
      sketch
          .from(input)
          .convolution(name + "-projection", filters, new Window(1, 2, 0))
          .batchNormalization(name + "-projection-bn");
      input = sketch.last();
    }
    sketch.from(residual).plus(name + "-sum", input).relu(name + "-relu2");
  }
}
