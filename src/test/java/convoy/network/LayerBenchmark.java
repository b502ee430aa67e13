package convoy.network;

import convoy.convolution.Shape;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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
 * A layer forward and backward, on a minibatch of 16 and one thread: Convoy's and the one that DL4J
 * has for the same, both with oneDNN where it knows the layer.
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
    DENSE(Shape.of(256, 6, 6), new LayerSpec.Dense(1024)),
    NORMALIZATION(Shape.of(96, 27, 27), new LayerSpec.LocalResponseNormalization());

    private final Shape input;
    private final LayerSpec layer;

    Kind(Shape input, LayerSpec layer) {
      this.input = input;
      this.layer = layer;
    }
  }

  /** Whose layer. */
  public enum Engine {
    DL4J,
    CONVOY
  }

  @Param public Kind kind;
  @Param public Engine engine;

  private ComputationGraph graph;
  private INDArray inputs;
  private INDArray labels;

  @Setup
  public void build() {
    Backend.start();
    graph = engine == Engine.CONVOY ? ours() : theirs();
    inputs = Nd4j.randn('c', MINIBATCH, kind.input.size(0), kind.input.size(1), kind.input.size(2));
    labels = Nd4j.zeros(MINIBATCH, 2);
    Random random = new Random(1);
    for (int i = 0; i < MINIBATCH; i++) {
      labels.putScalar(i, random.nextInt(2), 1);
    }
  }

  @Benchmark
  public double forwardAndBackward() {
    graph.setInputs(inputs);
    graph.setLabels(labels);
    graph.computeGradientAndScore();
    graph.clear();
    return graph.score();
  }

  private ComputationGraph ours() {
    Sketch sketch = new Sketch(kind.input, 2).layer("layer", kind.layer);
    if (kind != Kind.DENSE) {
      sketch.globalAveragePooling("pool");
    }
    Blueprint blueprint = sketch.softmax("output");
    return Dl4jGraph.of(blueprint, 1);
  }

  private ComputationGraph theirs() {
    var builder =
        new NeuralNetConfiguration.Builder()
            .activation(Activation.IDENTITY)
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs("input")
            .setInputTypes(
                InputType.convolutional(kind.input.size(1), kind.input.size(2), kind.input.size(0)))
            .addLayer("layer", layer(), "input");
    if (kind != Kind.DENSE) {
      builder.addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "layer");
    }
    builder
        .addLayer(
            "output",
            new OutputLayer.Builder().nOut(2).activation(Activation.SOFTMAX).build(),
            kind == Kind.DENSE ? "layer" : "pool")
        .setOutputs("output");
    ComputationGraph network = new ComputationGraph(builder.build());
    network.init();
    network.initGradientsView();
    return network;
  }

  private Layer layer() {
    return switch (kind) {
      case ORDINARY -> new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(64).build();
      case DILATED ->
          new ConvolutionLayer.Builder(3, 3).padding(2, 2).dilation(2, 2).nOut(64).build();
      case DEPTHWISE -> new DepthwiseConvolution2D.Builder(3, 3).padding(1, 1).build();
      case DEPTHWISE_TIMES_4 ->
          new DepthwiseConvolution2D.Builder(3, 3).padding(1, 1).depthMultiplier(4).build();
      case TRANSPOSED ->
          new Deconvolution2D.Builder(4, 4).stride(2, 2).padding(1, 1).nOut(32).build();
      case UNSHARED -> new LocallyConnected2D.Builder().kernelSize(3, 3).nOut(16).build();
      case TILED -> throw new IllegalArgumentException("DL4J has no tiled convolution");
      case DENSE -> new DenseLayer.Builder().nOut(1024).build();
      case NORMALIZATION -> new LocalResponseNormalization.Builder().build();
    };
  }
}
