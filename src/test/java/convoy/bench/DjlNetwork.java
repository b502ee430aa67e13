package convoy.bench;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.optimizer.Optimizer;
import convoy.data.reading.Minibatch;
import convoy.network.Architectures;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.architecture.Blueprint;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A blueprint as a user of the Deep Java Library on its PyTorch engine would write it, to measure
 * ours against. Weight decay is the same for all parameters there, and only one network of a JVM
 * can be in {@link #fit} at a time.
 */
public final class DjlNetwork implements Network {
  private final NetworkSpec spec;
  private final Model model;
  private final DjlGraph graph;
  private final ParameterStore asked;
  private Trainer trainer;
  private Step last;

  public DjlNetwork(NetworkSpec spec) {
    this.spec = spec;
    model = Model.newInstance(spec.architecture(), Device.cpu(), "PyTorch");
    // DJL itself turns this off for the thread that loads the engine, and for no other.
    JniUtils.setGradMode(false);
    seed(spec.seed());
    Blueprint blueprint = Architectures.blueprint(spec);
    graph = new DjlGraph(blueprint, model.getNDManager());
    graph.initialize(model.getNDManager(), DataType.FLOAT32, inputShape(1));
    model.setBlock(graph);
    asked = new ParameterStore(model.getNDManager(), false);
  }

  private Shape inputShape(int examples) {
    return new Shape(examples, spec.channels(), spec.height(), spec.width());
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    prepare(step);
    try (NDManager manager = trainer.getManager().newSubManager()) {
      NDList input = input(manager, minibatch.inputs(), minibatch.examples());
      NDArray labels = manager.create(Arrays.stream(minibatch.labels()).asLongStream().toArray());
      NDArray loss;
      try (GradientCollector collector = trainer.newGradientCollector()) {
        loss = graph.loss(trainer.forward(input), new NDList(labels), trainer.getLoss());
        collector.backward(loss);
      }
      trainer.step();
      return loss.getFloat();
    }
  }

  private NDList input(NDManager manager, float[] values, int examples) {
    return new NDList(manager.create(values, inputShape(examples)));
  }

  /** The optimizer asks for the learning rate at each step, but keeps the rest. */
  private void prepare(Step step) {
    if (trainer == null) {
      trainer = newTrainer(step);
    } else if (!step.optimizer().equals(last.optimizer())
        || step.weightDecay() != last.weightDecay()) {
      throw new UnsupportedOperationException("Another momentum or weight decay: " + step);
    }
    last = step;
  }

  private Trainer newTrainer(Step step) {
    Optimizer descent =
        Optimizer.sgd()
            .setLearningRateTracker((parameter, update) -> (float) last.learningRate())
            .optMomentum((float) ((convoy.network.Optimizer.Sgd) step.optimizer()).momentum())
            .optWeightDecays((float) step.weightDecay())
            .build();
    Trainer created =
        model.newTrainer(
            new DefaultTrainingConfig(ai.djl.training.loss.Loss.softmaxCrossEntropyLoss())
                .optOptimizer(descent)
                .optDevices(new Device[] {Device.cpu()}));
    created.initialize(inputShape(1));
    return created;
  }

  @Override
  public float[] probabilities(float[] inputs, int examples) {
    try (NDManager manager = model.getNDManager().newSubManager()) {
      NDList scores = graph.forward(asked, input(manager, inputs, examples), false);
      return scores.singletonOrThrow().softmax(1).toFloatArray();
    }
  }

  @Override
  public Map<String, float[]> activations(float[] input, int examples, Set<String> layers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ModelState state() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void remember(convoy.network.Optimizer optimizer) {
    // DJL's trainer does.
  }

  @Override
  public void restore(ModelState state) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void change(Consumer<Vectors> change) {
    throw new UnsupportedOperationException("Only steps are measured");
  }

  @Override
  public void rest() {
    throw new UnsupportedOperationException("Only steps are measured");
  }

  @Override
  public void seed(long seed) {
    model.getNDManager().getEngine().setRandomSeed((int) seed);
  }

  @Override
  public void close() {
    if (trainer != null) {
      trainer.close();
    }
    model.close();
  }
}
