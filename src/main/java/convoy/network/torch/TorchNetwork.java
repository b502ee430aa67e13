package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.data.reading.Minibatch;
import convoy.network.Backend.Precision;
import convoy.network.LayerRates;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A blueprint on libtorch. */
final class TorchNetwork implements Network {
  /** Of libtorch's reductions. */
  private static final long MEAN = 1;

  /** A label that libtorch would leave out. */
  private static final long NO_CLASS = -100;

  private final Blueprint blueprint;
  private final Device device;
  private final Precision precision;
  private final MemoryOrder order;
  private final PointerScope owned;
  private final FlatVectors vectors;
  private final Graph graph;
  private final GradientDescent descent;
  private SplittableRandom random = new SplittableRandom(0);

  TorchNetwork(NetworkSpec spec, Blueprint blueprint, Precision precision, Device device) {
    this.blueprint = blueprint;
    this.precision = precision;
    this.device = device;
    order = MemoryOrder.of(spec, blueprint);
    owned = new PointerScope();
    try (PointerScope building = owned) {
      vectors = new FlatVectors(StateLayout.of(blueprint), order, device);
      graph = new Graph(blueprint, vectors, precision);
      descent = new GradientDescent(vectors);
      // Closed now, it would let go of all that was made.
      building.extend();
    }
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    graph.changed();
    descent.use(step.rates());
    return Scopes.freeing(
        () -> {
          Tensor input = input(minibatch.inputs(), minibatch.examples());
          Map<String, Tensor> scores =
              graph.forward(
                  input,
                  new Pass(Pass.Kind.TRAINING, true, random, step.rates().frozen()),
                  graph.heads());
          Tensor loss = loss(scores, minibatch, step.loss());
          loss.backward();
          return Scopes.withoutGradient(
              () -> {
                descent.step(step);
                return (double) loss.item_float();
              });
        });
  }

  private Tensor labels(Minibatch minibatch) {
    int[] labels = minibatch.labels();
    long[] wide = new long[labels.length];
    for (int i = 0; i < labels.length; i++) {
      wide[i] = labels[i];
    }
    return Tensor.create(wide).to(device, ScalarType.Long);
  }

  private Tensor loss(Map<String, Tensor> scores, Minibatch minibatch, Loss kind) {
    int classes = blueprint.output().output().size(0);
    Tensor targets =
        // With class numbers, weights would be divided by their sum over the minibatch.
        minibatch.isMixed() || !kind.classWeights().isEmpty()
            ? Tensor.create(minibatch.targets(classes, 0), minibatch.examples(), classes)
                .to(device, ScalarType.Float)
            : labels(minibatch);
    TensorOptional weights = weights(kind.classWeights());
    Tensor whole = null;
    for (Blueprint.Node node : blueprint.nodes()) {
      if (node.layer() instanceof LayerSpec.Softmax softmax) {
        Tensor part =
            torch.cross_entropy_loss(
                scores.get(node.name()).to(ScalarType.Float),
                targets,
                weights,
                MEAN,
                NO_CLASS,
                kind.smoothing());
        Tensor weighted =
            softmax.lossWeight() == 1 ? part : part.mul(new Scalar(softmax.lossWeight()));
        whole = whole == null ? weighted : whole.add(weighted);
      }
    }
    return whole;
  }

  private TensorOptional weights(List<Double> classWeights) {
    if (classWeights.isEmpty()) {
      return new TensorOptional();
    }
    float[] values = new float[classWeights.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = classWeights.get(i).floatValue();
    }
    return new TensorOptional(Tensor.create(values).to(device, ScalarType.Float));
  }

  @Override
  public float[] probabilities(float[] inputs, int examples) {
    String output = blueprint.output().name();
    return asked(
        inputs,
        examples,
        new Pass(Pass.Kind.ASKING, true, random, Set.of()),
        Set.of(output),
        outputs -> floats(answer(output, outputs.get(output))));
  }

  @Override
  public Map<String, float[]> activations(float[] inputs, int examples, Set<String> layers) {
    return asked(
        inputs,
        examples,
        new Pass(Pass.Kind.ASKING, false, random, Set.of()),
        layers,
        outputs -> {
          Map<String, float[]> activations = new LinkedHashMap<>();
          outputs.forEach((name, values) -> activations.put(name, floats(answer(name, values))));
          return activations;
        });
  }

  /** Scores become probabilities, as their layer says. */
  private Tensor answer(String name, Tensor values) {
    return graph.heads().contains(name) ? torch.softmax(values.to(ScalarType.Float), 1) : values;
  }

  private <T> T asked(
      float[] inputs,
      int examples,
      Pass pass,
      Set<String> wanted,
      Function<Map<String, Tensor>, T> answer) {
    return Scopes.freeing(
        () ->
            Scopes.withoutGradient(
                () -> answer.apply(graph.forward(input(inputs, examples), pass, wanted))));
  }

  private Tensor input(float[] values, int examples) {
    Shape shape = blueprint.input();
    return Scopes.keeping(
        () -> {
          Tensor plain =
              Tensor.create(values, examples, shape.size(0), shape.size(1), shape.size(2));
          ScalarType type =
              precision == Precision.BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Float;
          return plain.to(device, type).contiguous(order.maps());
        });
  }

  private static float[] floats(Tensor values) {
    float[] copy = new float[Math.toIntExact(values.numel())];
    values.to(new Device("cpu"), ScalarType.Float).contiguous().data_ptr_float().get(copy);
    return copy;
  }

  @Override
  public ModelState state() {
    return vectors.state();
  }

  @Override
  public void remember(Optimizer optimizer) {
    vectors.remember(optimizer);
  }

  @Override
  public void restore(ModelState state) {
    graph.changed();
    // Those of a step that failed half-way.
    descent.forget();
    vectors.restore(state);
  }

  @Override
  public void change(Consumer<Vectors> change) {
    graph.changed();
    descent.forget();
    vectors.change(change);
  }

  @Override
  public float[] measure(Minibatch minibatch, LayerRates rates) {
    graph.changed();
    Pass pass = new Pass(Pass.Kind.MEASURING, true, random, rates.frozen());
    return Scopes.freeing(
        () ->
            Scopes.withoutGradient(
                () -> {
                  var unused =
                      graph.forward(
                          input(minibatch.inputs(), minibatch.examples()), pass, graph.heads());
                  return vectors.statistics();
                }));
  }

  @Override
  public void rest() {
    vectors.rest();
  }

  @Override
  public void seed(long seed) {
    random = new SplittableRandom(seed);
  }

  @Override
  public void close() {
    graph.changed();
    vectors.close();
    owned.close();
  }
}
