package convoy.network;

import convoy.convolution.Shape;
import convoy.data.reading.Minibatch;
import convoy.network.Backend.EngineName;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A step of one layer, the mean of each channel and an output, on a minibatch of 16 and one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LayerBenchmark {
  private static final int MINIBATCH = 16;

  /** Layers and the maps that they are measured on. */
  public enum Kind {
    ORDINARY(Shape.of(64, 28, 28), new LayerSpec.Convolution(64, 3, 1, 1, 1, 1, true)),
    DILATED(Shape.of(64, 28, 28), new LayerSpec.Convolution(64, 3, 1, 2, 2, 1, true)),
    DEPTHWISE(Shape.of(128, 28, 28), new LayerSpec.DepthwiseConvolution(1, 3, 1, 1, true)),
    DEPTHWISE_TIMES_4(Shape.of(32, 28, 28), new LayerSpec.DepthwiseConvolution(4, 3, 1, 1, true)),
    TRANSPOSED(Shape.of(64, 14, 14), new LayerSpec.TransposedConvolution(32, 4, 2, 1)),
    UNSHARED(Shape.of(16, 28, 28), new LayerSpec.UnsharedConvolution(16, 3, 1, 0)),
    TILED(Shape.of(64, 28, 28), new LayerSpec.TiledConvolution(64, 3, 2, 1, 1)),
    NORMALIZATION(Shape.of(96, 27, 27), new LayerSpec.LocalResponseNormalization());

    private final Shape input;
    private final LayerSpec layer;

    Kind(Shape input, LayerSpec layer) {
      this.input = input;
      this.layer = layer;
    }
  }

  @Param public Kind kind;
  @Param public EngineName engine;

  private Network network;
  private Minibatch minibatch;

  @Setup
  public void build() {
    // A convolution before it, so that the layer's own input has a gradient.
    Blueprint blueprint =
        new Sketch(kind.input, 2)
            .layer("before", new LayerSpec.DepthwiseConvolution(1, 1, 1, 0, true))
            .layer("layer", kind.layer)
            .globalAveragePooling("pool")
            .softmax("output");
    NetworkSpec spec =
        NetworkSpec.of("lenet", List.of(1, kind.input.size(1), kind.input.size(2)), 2);
    network = Networks.of(engine, spec, blueprint);
    Random random = new Random(1);
    float[] inputs = new float[MINIBATCH * (int) kind.input.count()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) random.nextGaussian();
    }
    minibatch = new Minibatch(inputs, random.ints(MINIBATCH, 0, 2).toArray());
  }

  @Benchmark
  public double step() {
    return network.fit(minibatch, new Network.Step(1e-6, 0.9, 0));
  }
}
