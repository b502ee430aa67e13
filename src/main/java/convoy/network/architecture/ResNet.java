package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;
import java.util.List;

/**
 * Residual networks (He et al., 2016), first weights after He et al. (2015). Those for ImageNet
 * have projection shortcuts where the shape changes; a bottleneck's stride is that of its 3x3
 * window, as in all later implementations (the paper's is on the first 1x1). Those for CIFAR-10
 * have shortcuts without parameters (section 4.2).
 */
public final class ResNet {
  private static final int FIRST_FILTERS = 64;
  private static final int FIRST_CIFAR_FILTERS = 16;
  private static final int EXPANSION = 4;

  private ResNet() {}

  /** How the network begins. */
  public enum Stem {
    /** 7x7 with stride 2 and 3x3 max pooling with stride 2. */
    LARGE,
    /** 3x3 with stride 1 and no pooling. */
    SMALL
  }

  private enum Block {
    BASIC,
    BOTTLENECK
  }

  /**
   * @param layers 18, 34, 50, 101 or 152
   */
  public static Blueprint draw(Sketch sketch, int layers, Stem stem) {
    List<Integer> blocks =
        switch (layers) {
          case 18 -> List.of(2, 2, 2, 2);
          case 34, 50 -> List.of(3, 4, 6, 3);
          case 101 -> List.of(3, 4, 23, 3);
          case 152 -> List.of(3, 8, 36, 3);
          default -> throw new IllegalArgumentException("There is no ResNet-" + layers);
        };
    boolean large = stem == Stem.LARGE;
    begin(sketch, FIRST_FILTERS, large ? new SquareWindow(7, 2, 3) : new SquareWindow(3, 1, 1));
    if (large) {
      sketch.maxPooling("pool1", new SquareWindow(3, 2, 1));
    }
    Block block = layers < 50 ? Block.BASIC : Block.BOTTLENECK;
    for (int stage = 0; stage < blocks.size(); stage++) {
      for (int i = 0; i < blocks.get(stage); i++) {
        residual(
            sketch,
            new Place(stage, i),
            block,
            FIRST_FILTERS << stage,
            stage > 0 && i == 0 ? 2 : 1);
      }
    }
    return sketch.globalAveragePooling("pool").softmax("fc");
  }

  /** A block's place; the parameters there have torchvision's names. */
  private record Place(int stage, int block) {
    String name() {
      return "stage%d-block%d".formatted(stage + 1, block + 1);
    }

    List<String> keys(String convolution, String normalization) {
      String prefix = "layer%d.%d.".formatted(stage + 1, block);
      return List.of(prefix + convolution, prefix + normalization);
    }
  }

  private static void begin(Sketch sketch, int filters, SquareWindow window) {
    sketch.normalizedConvolution("conv1", filters, window, List.of("conv1", "bn1")).relu("relu1");
  }

  private static void residual(Sketch sketch, Place place, Block block, int filters, int stride) {
    String name = place.name();
    String shortcut = sketch.last();
    int output = filters;
    if (block == Block.BASIC) {
      basic(sketch, place, filters, stride);
    } else {
      output = filters * EXPANSION;
      SquareWindow one = new SquareWindow(1, 1, 0);
      convolution(sketch, place, 1, filters, one).relu(name + "-relu1");
      convolution(sketch, place, 2, filters, new SquareWindow(3, stride, 1)).relu(name + "-relu2");
      convolution(sketch, place, 3, output, one);
    }
    String branch = sketch.last();
    sketch.from(shortcut);
    if (stride > 1 || sketch.shape().size(0) != output) {
      sketch.normalizedConvolution(
          name + "-projection",
          output,
          new SquareWindow(1, stride, 0),
          place.keys("downsample.0", "downsample.1"));
      shortcut = sketch.last();
    }
    sketch.from(branch).plus(name + "-sum", shortcut).relu(name + "-relu");
  }

  private static Sketch convolution(
      Sketch sketch, Place place, int number, int filters, SquareWindow window) {
    return sketch.normalizedConvolution(
        "%s-conv%d".formatted(place.name(), number),
        filters,
        window,
        place.keys("conv" + number, "bn" + number));
  }

  private static void basic(Sketch sketch, Place place, int filters, int stride) {
    convolution(sketch, place, 1, filters, new SquareWindow(3, stride, 1))
        .relu(place.name() + "-relu1");
    convolution(sketch, place, 2, filters, new SquareWindow(3, 1, 1));
  }

  /**
   * @param layers 6n + 2: 20, 32, 44, 56
   */
  public static Blueprint drawForCifar(Sketch sketch, int layers) {
    begin(sketch, FIRST_CIFAR_FILTERS, new SquareWindow(3, 1, 1));
    for (int stage = 0; stage < 3; stage++) {
      for (int i = 0; i < (layers - 2) / 6; i++) {
        Place place = new Place(stage, i);
        String name = place.name();
        String shortcut = sketch.last();
        int filters = FIRST_CIFAR_FILTERS << stage;
        boolean shrinks = stage > 0 && i == 0;
        basic(sketch, place, filters, shrinks ? 2 : 1);
        String branch = sketch.last();
        if (shrinks) {
          sketch.from(shortcut).layer(name + "-shortcut", new LayerSpec.PaddedShortcut(filters, 2));
          shortcut = sketch.last();
        }
        sketch.from(branch).plus(name + "-sum", shortcut).relu(name + "-relu");
      }
    }
    return sketch.globalAveragePooling("pool").softmax("fc");
  }
}
