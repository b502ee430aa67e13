package convoy.network;

import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One layer as the engine computes it, with weights in the order of its definition. */
final class SingleLayer implements AutoCloseable {
  private static final String TESTED = "tested";
  private static final String DISABLED = "org.eclipse.deeplearning4j.helpers.disable";
  private static final LayerWorkspaceMgr MEMORY = LayerWorkspaceMgr.noWorkspaces();

  private final LayerSpec layer;
  private final Shape input;
  private final ComputationGraph graph;
  private final List<GraphVertex> vertices = new ArrayList<>();
  private final Map<String, INDArray> parameters = new HashMap<>();
  private final Map<String, INDArray> gradients = new HashMap<>();
  private final boolean before;

  /** Not DL4J's own. */
  private final boolean ours;

  SingleLayer(LayerSpec layer, Shape input, boolean oneDnn) {
    this(
        layer,
        input,
        oneDnn,
        true,
        () -> Dl4jGraph.of(new Sketch(input, 2).layer(TESTED, layer).softmax("output"), 1));
  }

  private SingleLayer(
      LayerSpec layer,
      Shape input,
      boolean oneDnn,
      boolean ours,
      Supplier<ComputationGraph> build) {
    Backend.start();
    this.layer = layer;
    this.input = input;
    this.ours = ours;
    before = Boolean.getBoolean(DISABLED);
    System.setProperty(DISABLED, String.valueOf(before || !oneDnn));
    Nd4j.getEnvironment().allowHelpers(oneDnn);
    graph = build.get();
    for (int index : graph.topologicalSortOrder()) {
      GraphVertex vertex = graph.getVertices()[index];
      if (vertex.getVertexName().startsWith(TESTED)) {
        vertices.add(vertex);
        if (vertex.hasLayer()) {
          vertex
              .getLayer()
              .paramTable()
              .forEach((key, value) -> parameters.put(vertex.getVertexName() + key, value));
        }
      }
    }
  }

  /** The layer that DL4J has for the same. */
  static SingleLayer ofDl4j(Layer dl4j, LayerSpec layer, Shape input, boolean oneDnn) {
    return new SingleLayer(layer, input, oneDnn, false, () -> graph(dl4j, input));
  }

  private static ComputationGraph graph(Layer dl4j, Shape input) {
    ComputationGraph graph =
        new ComputationGraph(
            new NeuralNetConfiguration.Builder()
                .activation(Activation.IDENTITY)
                .convolutionMode(ConvolutionMode.Truncate)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(input.size(1), input.size(2), input.size(0)))
                .addLayer(TESTED, dl4j, "input")
                .addLayer(
                    "output",
                    new OutputLayer.Builder().nOut(2).activation(Activation.SOFTMAX).build(),
                    TESTED)
                .setOutputs("output")
                .build());
    graph.init();
    graph.initGradientsView();
    return graph;
  }

  private List<String> inputs(GraphVertex vertex) {
    return graph.getConfiguration().getVertexInputs().get(vertex.getVertexName());
  }

  void begin(Tensor weights, Tensor biases) {
    double[] w = weights.values();
    each(weights.shape(), (place, index) -> weight(parameters, index).put(w[place]));
    double[] b = biases.values();
    for (int i = 0; i < b.length; i++) {
      bias(parameters, i).put(b[i]);
    }
  }

  void allWeights(double value) {
    parameters.get(TESTED + "W").assign(value);
  }

  Tensor[] forward(Tensor... examples) {
    Map<String, INDArray> activations = new HashMap<>();
    activations.put("input", batch(input, examples));
    graph.setInputs(activations.get("input"));
    for (GraphVertex vertex : vertices) {
      for (int i = 0; i < inputs(vertex).size(); i++) {
        vertex.setInput(i, activations.get(inputs(vertex).get(i)), MEMORY);
      }
      activations.put(vertex.getVertexName(), vertex.doForward(true, MEMORY));
    }
    return examples(activations.get(TESTED), layer.output(input));
  }

  Tensor[] backward(Tensor... outputGradients) {
    Map<String, INDArray> errors = new HashMap<>();
    errors.put(TESTED, batch(layer.output(input), outputGradients));
    List<GraphVertex> backwards = new ArrayList<>(vertices);
    Collections.reverse(backwards);
    for (GraphVertex vertex : backwards) {
      vertex.setEpsilon(errors.get(vertex.getVertexName()));
      var result = vertex.doBackward(false, MEMORY);
      Gradient gradient = result.getFirst();
      if (gradient != null) {
        gradient
            .gradientForVariable()
            .forEach((key, value) -> gradients.put(vertex.getVertexName() + key, value));
      }
      for (int i = 0; i < inputs(vertex).size(); i++) {
        INDArray error = result.getSecond()[i];
        errors.merge(inputs(vertex).get(i), error, INDArray::add);
      }
    }
    return examples(errors.get("input"), input);
  }

  Tensor weightGradient(Shape shape) {
    double[] values = new double[(int) shape.count()];
    each(shape, (place, index) -> values[place] = weight(gradients, index).value());
    return Tensor.of(shape, values);
  }

  Tensor biasGradient(Shape shape) {
    double[] values = new double[(int) shape.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = bias(gradients, i).value();
    }
    return Tensor.of(shape, values);
  }

  /** A value of one of the engine's arrays. */
  private record Cell(INDArray array, long... at) {
    void put(double value) {
      array.putScalar(at, value);
    }

    double value() {
      return array.getDouble(at);
    }
  }

  /** Where the engine keeps the weight that the definition has at this index. */
  private Cell weight(Map<String, INDArray> arrays, int[] at) {
    if (layer instanceof LayerSpec.BatchNormalization) {
      return new Cell(arrays.get(TESTED + "gamma"), at[0]);
    }
    INDArray weights = arrays.get(TESTED + "W");
    if (layer instanceof LayerSpec.Convolution convolution && convolution.groups() > 1) {
      int part = convolution.filters() / convolution.groups();
      return new Cell(
          arrays.get("%s-group%dW".formatted(TESTED, at[0] / part + 1)),
          at[0] % part,
          at[1],
          at[2],
          at[3]);
    }
    if (layer instanceof LayerSpec.DepthwiseConvolution) {
      // Convoy repeats the input's channels instead of having several filters for one.
      int multiplier = (int) weights.size(3);
      return new Cell(weights, at[2], at[3], at[0] / multiplier, at[0] % multiplier);
    }
    if (layer instanceof LayerSpec.TiledConvolution tiled) {
      int size = tiled.size();
      return new Cell(weights, at[4], at[5], at[0], (at[1] * size + at[2]) * size + at[3]);
    }
    if (layer instanceof LayerSpec.Convolution dilated && dilated.dilation() > 1 && ours) {
      int size = dilated.size();
      return new Cell(weights, 0, 0, at[0], (at[1] * size + at[2]) * size + at[3]);
    }
    if (layer instanceof LayerSpec.UnsharedConvolution unshared) {
      int size = unshared.size();
      return new Cell(weights, at[1], at[2], at[0], (at[3] * size + at[4]) * size + at[5]);
    }
    if (layer instanceof LayerSpec.Dense) {
      return new Cell(weights, at[1], at[0]);
    }
    return new Cell(weights, at[0], at[1], at[2], at[3]);
  }

  private Cell bias(Map<String, INDArray> arrays, int number) {
    if (layer instanceof LayerSpec.Convolution convolution && convolution.groups() > 1) {
      int part = convolution.filters() / convolution.groups();
      INDArray biases = arrays.get("%s-group%db".formatted(TESTED, number / part + 1));
      return new Cell(biases.reshape(biases.length()), number % part);
    }
    boolean normalization = layer instanceof LayerSpec.BatchNormalization;
    INDArray biases = arrays.get(TESTED + (normalization ? "beta" : "b"));
    if (biases.rank() == 3) {
      // Tiled: the definition has filters first, the engine last.
      int tiles = (int) (biases.size(0) * biases.size(1));
      int columns = (int) biases.size(1);
      int tile = number % tiles;
      return new Cell(biases, tile / columns, tile % columns, number / tiles);
    }
    return new Cell(biases.reshape(biases.length()), number);
  }

  interface Weight {
    void visit(int place, int[] index);
  }

  /** Every place of an array of this shape, and its index. */
  static void each(Shape shape, Weight visitor) {
    int[] index = new int[shape.rank()];
    for (int place = 0; place < shape.count(); place++) {
      int rest = place;
      for (int d = shape.rank() - 1; d >= 0; d--) {
        index[d] = rest % shape.size(d);
        rest /= shape.size(d);
      }
      visitor.visit(place, index);
    }
  }

  private static INDArray batch(Shape shape, Tensor... examples) {
    long[] sizes = new long[shape.rank() + 1];
    sizes[0] = examples.length;
    for (int d = 0; d < shape.rank(); d++) {
      sizes[d + 1] = shape.size(d);
    }
    float[] values = new float[examples.length * (int) shape.count()];
    for (int e = 0; e < examples.length; e++) {
      double[] one = examples[e].values();
      for (int i = 0; i < one.length; i++) {
        values[e * one.length + i] = (float) one[i];
      }
    }
    return Nd4j.create(values, sizes, 'c');
  }

  private static Tensor[] examples(INDArray batch, Shape shape) {
    Tensor[] examples = new Tensor[(int) batch.size(0)];
    for (int e = 0; e < examples.length; e++) {
      float[] values = batch.slice(e).dup('c').data().asFloat();
      double[] doubles = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        doubles[i] = values[i];
      }
      examples[e] = Tensor.of(shape, doubles);
    }
    return examples;
  }

  @Override
  public void close() {
    graph.close();
    System.setProperty(DISABLED, String.valueOf(before));
    Nd4j.getEnvironment().allowHelpers(true);
  }
}
