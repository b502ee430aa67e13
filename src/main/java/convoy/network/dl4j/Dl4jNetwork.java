package convoy.network.dl4j;

import convoy.data.reading.Minibatch;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Parameter.Role;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A DL4J graph as a {@link Network}. DL4J computes gradients; the step is taken here, on the flat
 * vectors, in three passes of native code whatever the number of layers.
 */
final class Dl4jNetwork implements Network {
  private final Examples arrays;
  private final ComputationGraph graph;
  private final StateViews views;
  private final INDArray parameters;
  private final INDArray gradient;
  private final List<Stretch> decayed;
  private final List<Stretch> statistics;

  /** The optimizer's means one after the other, then other numbers. */
  private INDArray remembered;

  /** A stretch of the flat vectors. */
  private record Stretch(INDArray parameters, INDArray gradient) {}

  Dl4jNetwork(Blueprint blueprint) {
    arrays = new Examples(blueprint);
    graph = Dl4jGraph.of(blueprint);
    parameters = flat(graph.params());
    gradient = flat(graph.getGradientsViewArray());
    remembered = Nd4j.zeros(parameters.dataType(), parameters.length());
    views = new StateViews(StateLayout.of(blueprint), graph, parameters);
    decayed = stretches(Role.WEIGHT);
    statistics = stretches(Role.STATISTIC);
  }

  private static INDArray flat(INDArray vector) {
    return vector.reshape(vector.length());
  }

  private List<Stretch> stretches(Role role) {
    return views.ofRole(role).stream()
        .map(view -> new Stretch(view.stretch(parameters), view.stretch(gradient)))
        .toList();
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    int examples = minibatch.examples();
    try (INDArray inputs = arrays.inputs(minibatch.inputs(), examples);
        INDArray labels = arrays.labels(minibatch, step.loss().smoothing())) {
      graph.setInputs(inputs);
      graph.setLabels(arrays.everyHead(labels));
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
    step.optimizer()
        .accept(
            new Optimizer.Visitor() {
              @Override
              public void visit(Optimizer.Sgd sgd) {
                descend(step, sgd, scale);
              }

              @Override
              public void visit(Optimizer.AdamW adamW) {
                descend(step, adamW, scale);
              }
            });
    return graph.score();
  }

  private void descend(Step step, Optimizer.Sgd sgd, double scale) {
    if (step.weightDecay() > 0) {
      for (Stretch stretch : decayed) {
        addScaled(step.weightDecay() / scale, stretch.parameters, stretch.gradient);
      }
    }
    INDArray momentum = mean(0);
    momentum.muli(sgd.momentum());
    double ahead = 1;
    if (sgd.nesterov()) {
      // g + m v is (1 + m) v, less what has just become of the momentum before.
      addScaled(step.learningRate(), momentum, parameters);
      ahead += sgd.momentum();
    }
    addScaled(scale, gradient, momentum);
    addScaled(-step.learningRate() * ahead, momentum, parameters);
  }

  private void descend(Step step, Optimizer.AdamW adamW, double scale) {
    for (Stretch stretch : decayed) {
      stretch.parameters.muli(1 - step.learningRate() * step.weightDecay());
    }
    gradient.muli(scale);
    long last = remembered.length() - 1;
    int before = Math.round(remembered.getFloat(last));
    remembered.putScalar(last, remembered.getFloat(last) + 1);
    // The operation takes its epsilon before the squares are divided by what they lack, and makes
    // the change of the gradient.
    double epsilon = Optimizer.AdamW.EPSILON * Math.sqrt(1 - Math.pow(adamW.second(), before + 1));
    INDArray[] unused =
        Nd4j.exec(
            new AdamUpdater(
                gradient,
                mean(1),
                mean(0),
                step.learningRate(),
                adamW.first(),
                adamW.second(),
                epsilon,
                before));
    addScaled(-1, gradient, parameters);
  }

  private INDArray mean(int which) {
    long length = parameters.length();
    return remembered.get(NDArrayIndex.interval(which * length, (which + 1) * length));
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
    try (INDArray inputs = arrays.inputs(values, examples)) {
      INDArray[] outputs = graph.output(false, inputs);
      float[] probabilities = outputs[0].data().asFloat();
      for (INDArray output : outputs) {
        output.close();
      }
      return probabilities;
    }
  }

  @Override
  public Map<String, float[]> activations(float[] values, int examples, Set<String> layers) {
    Map<String, float[]> activations = new LinkedHashMap<>();
    try (INDArray inputs = arrays.inputs(values, examples)) {
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
    ByteBuffer momentum =
        ByteBuffer.allocate(Math.toIntExact(remembered.length() * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < means(); i++) {
      momentum.put(views.read(mean(i).dup()));
    }
    for (long i = means() * parameters.length(); i < remembered.length(); i++) {
      momentum.putFloat(remembered.getFloat(i));
    }
    return new ModelState(views.read(parameters), momentum.array());
  }

  private int means() {
    return Math.toIntExact(remembered.length() / parameters.length());
  }

  @Override
  public void remember(Optimizer optimizer) {
    remembered.close();
    long wanted = optimizer.remembered(Math.toIntExact(parameters.length()));
    remembered = Nd4j.zeros(parameters.dataType(), wanted);
  }

  @Override
  public void restore(ModelState state) {
    views.require(state);
    views.write(state.parameters(), parameters);
    byte[] momentum = state.momentum();
    if (momentum.length != remembered.length() * Float.BYTES) {
      state.requireAtRest();
      rest();
      return;
    }
    int bytes = state.parameters().length;
    for (int i = 0; i < means(); i++) {
      INDArray mean = mean(i).dup();
      views.write(Arrays.copyOfRange(momentum, i * bytes, (i + 1) * bytes), mean);
      mean(i).assign(mean);
    }
    FloatBuffer values = ModelState.floats(momentum);
    for (int i = means() * Math.toIntExact(parameters.length()); i < values.limit(); i++) {
      remembered.putScalar(i, values.get(i));
    }
  }

  @Override
  public void change(Consumer<Vectors> change) {
    change.accept(
        new Vectors(
            address(parameters),
            Math.toIntExact(parameters.length()),
            address(remembered),
            Math.toIntExact(remembered.length()),
            views.trained()));
  }

  private static long address(INDArray vector) {
    return vector.data().address() + vector.offset() * Float.BYTES;
  }

  @Override
  public void rest() {
    remembered.assign(0);
  }

  @Override
  public void seed(long seed) {
    Nd4j.getRandom().setSeed(seed);
  }

  @Override
  public void close() {
    graph.close();
    remembered.close();
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
  }
}
