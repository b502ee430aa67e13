package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.data.reading.Minibatch;
import convoy.network.Backend.Precision;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * What of a network multiplies, layer by layer on inputs of their own: the part of a step that no
 * arrangement of the rest can save. To measure steps against; it learns nothing.
 */
final class KernelsAlone implements Network {
  private final List<Kernels> layers = new ArrayList<>();
  private final PointerScope owned;

  /**
   * A layer, something to put into it, and a gradient that comes back.
   *
   * @param leaves what gradients are left at
   */
  private record Kernels(Layer layer, Tensor input, Tensor outputGradient, List<Tensor> leaves) {}

  KernelsAlone(NetworkSpec spec, Blueprint blueprint, int minibatch) {
    owned = new PointerScope();
    try (PointerScope building = owned) {
      MemoryOrder order = MemoryOrder.of(spec, blueprint);
      FlatVectors vectors = new FlatVectors(StateLayout.of(blueprint), order, new Device("cpu"));
      add(blueprint, minibatch, vectors, order);
      building.extend();
    }
  }

  private void add(Blueprint blueprint, int minibatch, FlatVectors vectors, MemoryOrder order) {
    for (Node node : blueprint.nodes()) {
      if (node.layer().kernels(node.inputShape()).isPresent()) {
        Layer layer = node.layer().accept(new Layers(node, vectors, Precision.FLOAT32, false));
        Tensor input = random(node.inputShape(), minibatch, order);
        // The first layer's input has no gradient in a network either.
        input.set_requires_grad(!node.inputs().contains(Blueprint.INPUT));
        List<Tensor> leaves = new ArrayList<>(List.of(input));
        node.state()
            .forEach(
                parameter ->
                    leaves.add(vectors.view(node.key() + "." + parameter.name()).values()));
        layers.add(new Kernels(layer, input, random(node.output(), minibatch, order), leaves));
      }
    }
  }

  private static Tensor random(Shape shape, int minibatch, MemoryOrder order) {
    long[] sizes = new long[shape.rank() + 1];
    sizes[0] = minibatch;
    for (int d = 0; d < shape.rank(); d++) {
      sizes[d + 1] = shape.size(d);
    }
    Tensor values = torch.rand(sizes);
    return sizes.length == 4 ? values.contiguous(order.maps()) : values;
  }

  @Override
  public double fit(Minibatch minibatch, Step step) {
    Pass pass = new Pass(Pass.Kind.TRAINING, false, new SplittableRandom(1), Set.of());
    for (Kernels kernels : layers) {
      var unused =
          Scopes.freeing(
              () -> {
                Tensor output = kernels.layer.forward(List.of(kernels.input), pass);
                output.backward(
                    kernels.outputGradient,
                    new BoolOptional(),
                    false,
                    new TensorArrayRefOptional());
                // Otherwise the next ones would be added to them.
                Tensor none = new Tensor();
                kernels.leaves.forEach(leaf -> leaf.mutable_grad().put(none));
                return kernels;
              });
    }
    return 0;
  }

  @Override
  public float[] probabilities(float[] inputs, int examples) {
    Pass pass = new Pass(Pass.Kind.ASKING, false, new SplittableRandom(1), Set.of());
    for (Kernels kernels : layers) {
      var unused =
          Scopes.freeing(
              () ->
                  Scopes.withoutGradient(
                      () -> kernels.layer.forward(List.of(kernels.input), pass).defined()));
    }
    return new float[0];
  }

  @Override
  public Map<String, float[]> activations(float[] input, int examples, Set<String> wanted) {
    return Map.of();
  }

  @Override
  public ModelState state() {
    return new ModelState(new byte[0], new byte[0]);
  }

  @Override
  public void remember(Optimizer optimizer) {
    // There is no step.
  }

  @Override
  public void restore(ModelState state) {
    // There is nothing to go on from.
  }

  @Override
  public void change(Consumer<Vectors> change) {
    // There is nothing to average.
  }

  @Override
  public void rest() {
    // There is no momentum.
  }

  @Override
  public void seed(long seed) {
    // Nothing is random.
  }

  @Override
  public void close() {
    owned.close();
  }
}
