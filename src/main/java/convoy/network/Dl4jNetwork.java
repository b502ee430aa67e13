package convoy.network;

import convoy.data.Minibatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A DL4J graph as a {@link Network}. DL4J computes gradients; the step is taken here, on the flat
 * vectors, in three passes of native code whatever the number of layers.
 */
public final class Dl4jNetwork implements Network {
  private final NetworkSpec spec;
  private final ComputationGraph graph;
  private final INDArray parameters;
  private final INDArray gradient;
  private final INDArray momentum;
  private final List<Stretch> decayed = new ArrayList<>();
  private final List<Stretch> statistics = new ArrayList<>();

  /** A stretch of the flat vectors. */
  private record Stretch(INDArray parameters, INDArray gradient, INDArray momentum) {}

  public Dl4jNetwork(NetworkSpec spec) {
    Backend.start();
    this.spec = spec;
    graph = Dl4jGraph.of(Architectures.blueprint(spec), spec.seed());
    parameters = flat(graph.params());
    gradient = flat(graph.getGradientsViewArray());
    momentum = Nd4j.zeros(parameters.dataType(), parameters.length());
    findStretches();
  }

  private static INDArray flat(INDArray vector) {
    return vector.reshape(vector.length());
  }

  /** By where they lie: some of DL4J's layers list their parameters in another order. */
  private void findStretches() {
    long found = 0;
    for (Layer layer : graph.getLayers()) {
      for (var parameter : layer.paramTable(false).entrySet()) {
        String name = parameter.getKey();
        long length = parameter.getValue().length();
        long from = (address(parameter.getValue()) - address(parameters)) / Float.BYTES;
        if (!layer.updaterDivideByMinibatch(name)) {
          statistics.add(stretch(from, from + length));
        } else if (isWeight(layer, name)) {
          decayed.add(stretch(from, from + length));
        }
        found += length;
      }
    }
    if (found != parameters.length()) {
      throw new IllegalStateException(
          "%d of %d parameters were found".formatted(found, parameters.length()));
    }
  }

  private static long address(INDArray vector) {
    return vector.data().addressPointer().address();
  }

  private static boolean isWeight(Layer layer, String name) {
    var conf = layer.conf().getLayer();
    return conf.initializer().isWeightParam(conf, name)
        && !(conf instanceof org.deeplearning4j.nn.conf.layers.BatchNormalization);
  }

  private Stretch stretch(long from, long to) {
    var interval = NDArrayIndex.interval(from, to);
    return new Stretch(parameters.get(interval), gradient.get(interval), momentum.get(interval));
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    int examples = minibatch.examples();
    try (INDArray inputs = inputs(minibatch.inputs(), examples);
        INDArray labels = oneHot(minibatch.labels())) {
      graph.setInputs(inputs);
      INDArray[] everyHead = new INDArray[graph.getNumOutputArrays()];
      Arrays.fill(everyHead, labels);
      graph.setLabels(everyHead);
      graph.computeGradientAndScore();
      graph.clear();
    }
    // The "gradients" of running means and variances are their changes; no rate or momentum
    // applies.
    for (Stretch stretch : statistics) {
      stretch.parameters.subi(stretch.gradient);
      stretch.gradient.assign(0);
    }
    momentum.muli(step.momentum());
    addScaled(1.0 / examples, gradient, momentum);
    if (step.weightDecay() > 0) {
      for (Stretch stretch : decayed) {
        addScaled(step.weightDecay(), stretch.parameters, stretch.momentum);
      }
    }
    addScaled(-step.learningRate(), momentum, parameters);
    return graph.score();
  }

  /** {@code target += factor * source}, one pass. */
  private static void addScaled(double factor, INDArray source, INDArray target) {
    Nd4j.getBlasWrapper().level1().axpy(source.length(), factor, source, target);
  }

  @Override
  public float[] probabilities(float[] values, int examples) {
    try (INDArray inputs = inputs(values, examples)) {
      INDArray[] outputs = graph.output(false, inputs);
      float[] probabilities = outputs[0].data().asFloat();
      for (INDArray output : outputs) {
        output.close();
      }
      return probabilities;
    }
  }

  private INDArray inputs(float[] values, int examples) {
    return Nd4j.create(
        values, new long[] {examples, spec.channels(), spec.height(), spec.width()}, 'c');
  }

  private INDArray oneHot(int[] labels) {
    float[] values = new float[labels.length * spec.classes()];
    for (int i = 0; i < labels.length; i++) {
      values[i * spec.classes() + labels[i]] = 1;
    }
    return Nd4j.create(values, new long[] {labels.length, spec.classes()}, 'c');
  }

  /** The weights of a layer, in the order of its definition for an ordinary convolution. */
  public float[] weights(String layer) {
    return graph.getLayer(layer).getParam("W").dup('c').data().asFloat();
  }

  /** The outputs of layers for one input, each (channels, height, width). */
  public Map<String, float[]> activations(float[] values) {
    Map<String, float[]> activations = new LinkedHashMap<>();
    try (INDArray inputs = inputs(values, 1)) {
      graph
          .feedForward(inputs, false)
          .forEach((layer, output) -> activations.put(layer, output.dup('c').data().asFloat()));
    }
    return activations;
  }

  @Override
  public ModelState state() {
    return new ModelState(bytesOf(parameters), bytesOf(momentum));
  }

  @Override
  public void restore(ModelState state) {
    if (state.parameters().length != parameters.length() * Float.BYTES) {
      throw new IllegalArgumentException(
          "A state of %d parameters for a network of %d"
              .formatted(state.parameters().length / Float.BYTES, parameters.length()));
    }
    memory(parameters).put(state.parameters());
    memory(momentum).put(state.momentum());
  }

  @Override
  public void seed(long seed) {
    Nd4j.getRandom().setSeed(seed);
  }

  private static byte[] bytesOf(INDArray vector) {
    byte[] bytes = new byte[Math.toIntExact(vector.length() * Float.BYTES)];
    memory(vector).get(bytes);
    return bytes;
  }

  /** The vector's own memory; all processors that the engine runs on are little-endian. */
  private static ByteBuffer memory(INDArray vector) {
    return vector.data().pointer().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    graph.close();
    momentum.close();
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }
}
