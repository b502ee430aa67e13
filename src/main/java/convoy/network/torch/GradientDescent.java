package convoy.network.torch;

import convoy.network.LayerRates;
import convoy.network.Network;
import convoy.network.architecture.Parameter.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The step, in one pass over parameters, gradients and momentum: libtorch's fused operation, which
 * its Java functions leave out, so it is called by its name. Gradients are let go afterwards, so
 * that the next backward pass hands over its own instead of adding to zeros.
 */
final class GradientDescent {
  private final OperatorHandle fused;
  private final FlatVectors vectors;
  private LayerRates rates = LayerRates.ALL;
  private Map<Kind, List<FlatVectors.View>> groups;

  /**
   * What arrays have alike that take the same step.
   *
   * @param rate in parts of the learning rate
   */
  private record Kind(boolean decays, double rate) {}

  GradientDescent(FlatVectors vectors) {
    this.vectors = vectors;
    fused = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_sgd_", "");
    groups = groups();
  }

  /** What each layer is trained with from here on; nothing where that is as before. */
  void use(LayerRates wanted) {
    if (!wanted.equals(rates)) {
      forget();
      rates = wanted;
      groups = groups();
      // Backward passes end where nothing before is trained.
      vectors
          .ofRoles(Role.WEIGHT, Role.SCALE, Role.BIAS)
          .forEach(view -> view.values().set_requires_grad(rates.of(view.block().node()) > 0));
    }
  }

  private Map<Kind, List<FlatVectors.View>> groups() {
    return vectors.ofRoles(Role.WEIGHT, Role.SCALE, Role.BIAS).stream()
        .filter(view -> rates.of(view.block().node()) > 0)
        .collect(
            Collectors.groupingBy(
                view -> new Kind(view.block().role() == Role.WEIGHT, rates.of(view.block().node())),
                LinkedHashMap::new,
                Collectors.toList()));
  }

  void step(Network.Step step) {
    IValue scale = step.longestGradient() > 0 ? scale(step.longestGradient()) : new IValue();
    groups.forEach((kind, views) -> step(views, step, kind, scale));
    forget();
  }

  /** What gradients are divided by, so that all of them together are no longer than that. */
  private IValue scale(double longest) {
    Tensor[] norms =
        groups.values().stream()
            .flatMap(List::stream)
            .map(view -> torch.linalg_vector_norm(view.values().grad()))
            .toArray(Tensor[]::new);
    Tensor norm = torch.linalg_vector_norm(torch.stack(new TensorVector(norms)));
    return new IValue(norm.div(new Scalar(longest)).clamp_min(new Scalar(1)));
  }

  private void step(List<FlatVectors.View> views, Network.Step step, Kind kind, IValue scale) {
    Tensor[] gradients = views.stream().map(view -> view.values().grad()).toArray(Tensor[]::new);
    IValueVector stack = new IValueVector();
    push(stack, list(views.stream().map(FlatVectors.View::values).toArray(Tensor[]::new)));
    push(stack, list(gradients));
    push(stack, list(views.stream().map(FlatVectors.View::momentum).toArray(Tensor[]::new)));
    // In a first step the operation takes the gradient for the momentum, which without momentum is
    // what every step does; it would not write the momentum otherwise.
    boolean first = step.momentum() == 0;
    push(stack, new IValue(kind.decays ? step.weightDecay() : 0));
    push(stack, new IValue(first ? 1.0 : step.momentum()));
    push(stack, new IValue(step.learningRate() * kind.rate));
    push(stack, new IValue(0.0)); // dampening
    push(stack, new IValue(step.nesterov()));
    push(stack, new IValue(false)); // maximize
    push(stack, new IValue(first));
    push(stack, scale);
    push(stack, new IValue()); // infinite gradients found
    fused.callBoxed(stack);
  }

  /** Lets go of all gradients. */
  void forget() {
    Tensor none = new Tensor();
    groups.values().forEach(views -> views.forEach(view -> view.values().mutable_grad().put(none)));
  }

  private static void push(IValueVector stack, IValue value) {
    long size = stack.size();
    stack.resize(size + 1);
    stack.put(size, value);
  }

  private static IValue list(Tensor... tensors) {
    // A list of tensors and one of any values are the same in memory.
    return new IValue(new GenericList(new TensorList(new TensorVector(tensors))));
  }
}
