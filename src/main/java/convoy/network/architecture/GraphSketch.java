package convoy.network.architecture;

import convoy.network.layer.Convolution;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Draws a graph layer by layer in the words of the papers. Each method adds a layer on the one that
 * was drawn last, or after {@link #from} on another, and returns this sketch.
 */
public final class GraphSketch {

  /**
   * A square window that moves over a map.
   *
   * @param size of a side; {@code stride} its step, {@code padding} zeros on each side
   */
  public record Window(int size, int stride, int padding) {}

  private static final double NORMALIZATION_DECAY = 0.9;
  private static final double NORMALIZATION_EPSILON = 1e-5;

  private final ComputationGraphConfiguration.GraphBuilder graph;
  private final int classes;
  private String last = "input";
  private IWeightInit weights = new WeightInitRelu();

  /**
   * @param input channels, height, width
   * @param seed of the first weights
   */
  public GraphSketch(List<Integer> input, int classes, long seed) {
    this.classes = classes;
    graph =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            // Steps are taken outside the graph, on its flat gradient; this one keeps no state.
            .updater(new Sgd(1))
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs("input")
            .setInputTypes(InputType.convolutional(input.get(1), input.get(2), input.get(0)));
  }

  /** First weights of the layers drawn from here on; He et al. (2015) unless told otherwise. */
  public GraphSketch weights(IWeightInit initialization) {
    weights = initialization;
    return this;
  }

  /** Name of the layer drawn last. */
  public String last() {
    return last;
  }

  public GraphSketch from(String layer) {
    last = layer;
    return this;
  }

  /** With biases, all of one value. */
  public GraphSketch convolution(String name, int filters, Window window, double bias) {
    return add(name, new Convolution(convolution(filters, window).hasBias(true).biasInit(bias)));
  }

  /** Without biases, as before a batch normalization. */
  public GraphSketch convolution(String name, int filters, Window window) {
    return add(name, new Convolution(convolution(filters, window).hasBias(false)));
  }

  private ConvolutionLayer.Builder convolution(int filters, Window window) {
    return new ConvolutionLayer.Builder(window.size(), window.size())
        .nOut(filters)
        .stride(window.stride(), window.stride())
        .padding(window.padding(), window.padding())
        .weightInit(weights);
  }

  /** One (gamma, beta, mean, variance) a channel (Ioffe and Szegedy, 2015). */
  public GraphSketch batchNormalization(String name) {
    return add(
        name,
        new BatchNormalization.Builder()
            .decay(NORMALIZATION_DECAY)
            .eps(NORMALIZATION_EPSILON)
            // The variance itself, not its logarithm: replicas' statistics are averaged.
            .useLogStd(false)
            .activation(Activation.IDENTITY)
            .build());
  }

  public GraphSketch relu(String name) {
    return add(name, new ActivationLayer.Builder().activation(Activation.RELU).build());
  }

  public GraphSketch maxPooling(String name, Window window) {
    return add(
        name,
        new SubsamplingLayer.Builder(PoolingType.MAX)
            .kernelSize(window.size(), window.size())
            .stride(window.stride(), window.stride())
            .padding(window.padding(), window.padding())
            .build());
  }

  public GraphSketch globalAveragePooling(String name) {
    return add(name, new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
  }

  /** Across channels, with the constants of Krizhevsky et al. (2012, section 3.3). */
  public GraphSketch localResponseNormalization(String name) {
    return add(
        name, new LocalResponseNormalization.Builder().k(2).n(5).alpha(1e-4).beta(0.75).build());
  }

  /**
   * @param dropout probability that one of the layer's inputs is dropped
   */
  public GraphSketch dense(String name, int neurons, double bias, double dropout) {
    DenseLayer.Builder layer =
        new DenseLayer.Builder()
            .nOut(neurons)
            .weightInit(weights)
            .biasInit(bias)
            .activation(Activation.RELU);
    if (dropout > 0) {
      layer.dropOut(1 - dropout);
    }
    return add(name, layer.build());
  }

  /** Element by element, of the layer drawn last and another. */
  public GraphSketch plus(String name, String other) {
    graph.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), last, other);
    last = name;
    return this;
  }

  /** A dense layer with a neuron a class, softmax, and cross entropy as loss. */
  public ComputationGraphConfiguration softmax(String name) {
    add(
        name,
        new OutputLayer.Builder(LossFunction.MCXENT)
            .nOut(classes)
            .weightInit(weights)
            .activation(Activation.SOFTMAX)
            .build());
    return graph.setOutputs(name).build();
  }

  private GraphSketch add(String name, org.deeplearning4j.nn.conf.layers.Layer layer) {
    graph.addLayer(name, layer, last);
    last = name;
    return this;
  }
}
