package convoy.network.dl4j;

import convoy.convolution.Shape;
import convoy.data.reading.Minibatch;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Parameter.Role;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A DL4J graph as a {@link Network}. DL4J computes gradients; the step is taken here, on the flat
 * vectors, in three passes of native code whatever the number of layers.
 */
final class Dl4jNetwork implements Network {
  private final Blueprint blueprint;
  private final ComputationGraph graph;
  private final StateViews views;
  private final INDArray parameters;
  private final INDArray gradient;
  private final INDArray momentum;
  private final List<Stretch> decayed;
  private final List<Stretch> statistics;

  /** A stretch of the flat vectors. */
  private record Stretch(INDArray parameters, INDArray gradient, INDArray momentum) {}

  Dl4jNetwork(Blueprint blueprint) {
    this.blueprint = blueprint;
    graph = Dl4jGraph.of(blueprint);
    parameters = flat(graph.params());
    gradient = flat(graph.getGradientsViewArray());
    momentum = Nd4j.zeros(parameters.dataType(), parameters.length());
    views = new StateViews(StateLayout.of(blueprint), graph, parameters);
    decayed = stretches(Role.WEIGHT);
    statistics = stretches(Role.STATISTIC);
  }

  private static INDArray flat(INDArray vector) {
    return vector.reshape(vector.length());
  }

  private List<Stretch> stretches(Role role) {
    return views.ofRole(role).stream()
        .map(
            view ->
                new Stretch(
                    view.stretch(parameters), view.stretch(gradient), view.stretch(momentum)))
        .toList();
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    int examples = minibatch.examples();
    try (INDArray inputs = inputs(minibatch.inputs(), examples);
        INDArray labels = labels(minibatch, step.loss())) {
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
    double scale = scale(step, examples);
    if (step.weightDecay() > 0) {
      for (Stretch stretch : decayed) {
        addScaled(step.weightDecay() / scale, stretch.parameters, stretch.gradient);
      }
    }
    momentum.muli(step.momentum());
    double ahead = 1;
    if (step.nesterov()) {
      // g + m v is (1 + m) v, less what has just become of the momentum before.
      addScaled(step.learningRate(), momentum, parameters);
      ahead += step.momentum();
    }
    addScaled(scale, gradient, momentum);
    addScaled(-step.learningRate() * ahead, momentum, parameters);
    return graph.score();
  }

  /** Of the sum of the examples' gradients. */
  private double scale(Step step, int examples) {
    double mean = 1.0 / examples;
    if (step.longestGradient() == 0) {
      return mean;
    }
    double length = mean * gradient.norm2Number().doubleValue();
    return mean * Math.min(1, step.longestGradient() / Math.max(length, Double.MIN_NORMAL));
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
    Shape shape = blueprint.input();
    return Nd4j.create(
        values, new long[] {examples, shape.size(0), shape.size(1), shape.size(2)}, 'c');
  }

  private INDArray labels(Minibatch minibatch, Loss loss) {
    int classes = blueprint.output().output().size(0);
    return Nd4j.create(
        minibatch.targets(classes, loss.smoothing()),
        new long[] {minibatch.examples(), classes},
        'c');
  }

  @Override
  public Map<String, float[]> activations(float[] values, int examples, Set<String> layers) {
    Map<String, float[]> activations = new LinkedHashMap<>();
    try (INDArray inputs = inputs(values, examples)) {
      graph
          .feedForward(inputs, false)
          .forEach(
              (layer, output) -> {
                if (layers.contains(layer)) {
                  activations.put(layer, output.dup('c').data().asFloat());
                }
              });
    }
    return activations;
  }

  @Override
  public ModelState state() {
    return new ModelState(views.read(parameters), views.read(momentum));
  }

  @Override
  public void restore(ModelState state) {
    views.require(state);
    views.write(state.parameters(), parameters);
    views.write(state.momentum(), momentum);
  }

  @Override
  public void change(Consumer<Vectors> change) {
    change.accept(
        new Vectors(
            address(parameters),
            address(momentum),
            Math.toIntExact(parameters.length()),
            views.trained()));
  }

  private static long address(INDArray vector) {
    return vector.data().address() + vector.offset() * Float.BYTES;
  }

  @Override
  public void rest() {
    momentum.assign(0);
  }

  @Override
  public void seed(long seed) {
    Nd4j.getRandom().setSeed(seed);
  }

  @Override
  public void close() {
    graph.close();
    momentum.close();
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }
}
