package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;
import java.util.List;

/**
 * Simonyan and Zisserman (2015): windows of 3x3 only, five stages that halve the map;
 * configurations A, B, D and E. First weights after Glorot and Bengio (2010), which the paper found
 * to replace its training in steps (section 3.1).
 */
public final class Vgg {
  private static final List<Integer> FILTERS = List.of(64, 128, 256, 512, 512);

  private Vgg() {}

  /** Convolutions of each stage by the number of layers with weights. */
  private static List<Integer> stages(int layers) {
    return switch (layers) {
      case 11 -> List.of(1, 1, 2, 2, 2);
      case 13 -> List.of(2, 2, 2, 2, 2);
      case 16 -> List.of(2, 2, 3, 3, 3);
      case 19 -> List.of(2, 2, 4, 4, 4);
      default -> throw new IllegalArgumentException("There is no VGG-" + layers);
    };
  }

  /** Whether convolutions are normalized; the paper's are not. */
  public enum Normalization {
    NONE,
    BATCH
  }

  /**
   * @param layers 11, 13, 16 or 19
   */
  public static Blueprint draw(
      Sketch sketch, int layers, Normalization normalization, double dropout) {
    sketch.begin(FirstWeights.Scheme.GLOROT, 0);
    List<Integer> stages = stages(layers);
    // Torchvision numbers all layers before the classifier.
    int number = 0;
    for (int stage = 1; stage <= stages.size(); stage++) {
      for (int layer = 1; layer <= stages.get(stage - 1); layer++) {
        String name = "conv%d-%d".formatted(stage, layer);
        int filters = FILTERS.get(stage - 1);
        SquareWindow window = new SquareWindow(3, 1, 1);
        sketch.keyed("features." + number++).convolution(name, filters, window);
        if (normalization == Normalization.BATCH) {
          sketch
              .keyed("features." + number++)
              .layer(name + "-bn", new LayerSpec.BatchNormalization());
        }
        sketch.relu("relu%d-%d".formatted(stage, layer));
        number++;
      }
      sketch.maxPooling("pool" + stage, new SquareWindow(2, 2, 0));
      number++;
    }
    return AlexNet.classifier(
        sketch, dropout, List.of("classifier.0", "classifier.3", "classifier.6"));
  }
}
