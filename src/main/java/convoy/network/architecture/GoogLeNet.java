package convoy.network.architecture;

import convoy.network.architecture.Sketch.SquareWindow;
import java.util.List;

/**
 * Szegedy et al. (2015), table 1: nine inception modules, whose 1x1 convolutions keep the larger
 * windows cheap, and global average pooling. Two heads in the middle, each with 0.3 of its loss,
 * are trained and then dropped. The paper says nothing about first weights; these are those of its
 * first public replication, after Glorot and Bengio (2010) and with biases of 0.2.
 */
public final class GoogLeNet {
  private static final double HEAD_LOSS_WEIGHT = 0.3;
  private static final double HEAD_DROPOUT = 0.7;
  private static final int HEAD_WINDOW = 5;

  private GoogLeNet() {}

  /**
   * Filters of a module's branches.
   *
   * @param reduce3 1x1 before the 3x3; {@code reduce5} before the 5x5; {@code project} after
   *     pooling
   */
  private record Inception(int one, int reduce3, int three, int reduce5, int five, int project) {}

  public static Blueprint draw(Sketch sketch, double dropout) {
    SquareWindow three = new SquareWindow(3, 1, 1);
    SquareWindow halving = new SquareWindow(3, 2, 1);
    sketch
        .begin(FirstWeights.Scheme.GLOROT, 0.2)
        .convolution("conv1", 64, new SquareWindow(7, 2, 3))
        .relu("relu1")
        .maxPooling("pool1", halving)
        .localResponseNormalization("norm1")
        .convolution("conv2-reduce", 64, new SquareWindow(1, 1, 0))
        .relu("relu2-reduce")
        .convolution("conv2", 192, three)
        .relu("relu2")
        .localResponseNormalization("norm2")
        .maxPooling("pool2", halving);
    inception(sketch, "3a", new Inception(64, 96, 128, 16, 32, 32));
    inception(sketch, "3b", new Inception(128, 128, 192, 32, 96, 64));
    sketch.maxPooling("pool3", halving);
    inception(sketch, "4a", new Inception(192, 96, 208, 16, 48, 64));
    head(sketch, "head1", dropout);
    inception(sketch, "4b", new Inception(160, 112, 224, 24, 64, 64));
    inception(sketch, "4c", new Inception(128, 128, 256, 24, 64, 64));
    inception(sketch, "4d", new Inception(112, 144, 288, 32, 64, 64));
    head(sketch, "head2", dropout);
    inception(sketch, "4e", new Inception(256, 160, 320, 32, 128, 128));
    sketch.maxPooling("pool4", halving);
    inception(sketch, "5a", new Inception(256, 160, 320, 32, 128, 128));
    inception(sketch, "5b", new Inception(384, 192, 384, 48, 128, 128));
    return sketch.globalAveragePooling("pool5").dropout("drop5", dropout).bias(0).softmax("fc");
  }

  private static void inception(Sketch sketch, String name, Inception filters) {
    String input = sketch.last();
    SquareWindow one = new SquareWindow(1, 1, 0);
    convolution(sketch, name + "-1x1", filters.one(), one);
    String first = sketch.last();
    convolution(sketch.from(input), name + "-3x3-reduce", filters.reduce3(), one);
    convolution(sketch, name + "-3x3", filters.three(), new SquareWindow(3, 1, 1));
    String second = sketch.last();
    convolution(sketch.from(input), name + "-5x5-reduce", filters.reduce5(), one);
    convolution(sketch, name + "-5x5", filters.five(), new SquareWindow(5, 1, 2));
    String third = sketch.last();
    sketch.from(input).maxPooling(name + "-pool", new SquareWindow(3, 1, 1));
    convolution(sketch, name + "-project", filters.project(), one);
    sketch.concatenation(name, List.of(first, second, third, sketch.last()));
  }

  private static void convolution(Sketch sketch, String name, int filters, SquareWindow window) {
    sketch.convolution(name, filters, window).relu(name + "-relu");
  }

  /** On a small input the head's window is the whole map. */
  private static void head(Sketch sketch, String name, double dropout) {
    String trunk = sketch.last();
    int window = Math.min(HEAD_WINDOW, Math.min(sketch.shape().size(1), sketch.shape().size(2)));
    sketch.layer(name + "-pool", new LayerSpec.AveragePooling(window, 3, 0));
    convolution(sketch, name + "-conv", 128, new SquareWindow(1, 1, 0));
    sketch
        .dense(name + "-fc", 1024)
        .relu(name + "-relu")
        .dropout(name + "-drop", dropout == 0 ? 0 : HEAD_DROPOUT)
        .bias(0)
        .auxiliarySoftmax(name, HEAD_LOSS_WEIGHT)
        .bias(0.2)
        .from(trunk);
  }
}
