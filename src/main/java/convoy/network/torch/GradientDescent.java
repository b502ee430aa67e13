package convoy.network.torch;

import convoy.network.LayerRates;
import convoy.network.Network;
import convoy.network.Optimizer;
import convoy.network.architecture.Parameter.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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
 * The step, in one pass over parameters, gradients and what the optimizer remembers: libtorch's
 * fused operations, which its Java functions leave out, so they are called by their names.
 * Gradients are let go afterwards, so that the next backward pass hands over its own instead of
 * adding to zeros.
 */
final class GradientDescent {
  private final OperatorHandle fusedSgd;
  private final OperatorHandle fusedAdamW;
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
    fusedSgd = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_sgd_", "");
    fusedAdamW = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
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
    step.optimizer()
        .accept(
            new Optimizer.Visitor() {
              @Override
              public void visit(Optimizer.Sgd sgd) {
                groups.forEach((kind, views) -> step(views, step, kind, sgd, scale));
              }

              @Override
              public void visit(Optimizer.AdamW adamW) {
                Tensor steps = vectors.steps();
                var unused = steps.add_(new Scalar(1));
                groups.forEach((kind, views) -> step(views, step, kind, adamW, steps, scale));
              }
            });
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

  /** Values and their gradients, as both operations begin. */
  private static IValueVector stack(List<FlatVectors.View> views) {
    IValueVector stack = new IValueVector();
    push(stack, list(views, FlatVectors.View::values));
    push(stack, list(views, view -> view.values().grad()));
    return stack;
  }

  private void step(
      List<FlatVectors.View> views,
      Network.Step step,
      Kind kind,
      Optimizer.AdamW adamW,
      Tensor steps,
      IValue scale) {
    IValueVector stack = stack(views);
    push(stack, list(views, view -> vectors.mean(0, view)));
    push(stack, list(views, view -> vectors.mean(1, view)));
    push(stack, list(List.of(), view -> view.values())); // largest squares so far
    push(stack, list(views, view -> steps));
    push(stack, new IValue(step.learningRate() * kind.rate));
    push(stack, new IValue(adamW.first()));
    push(stack, new IValue(adamW.second()));
    push(stack, new IValue(kind.decays ? step.weightDecay() : 0));
    push(stack, new IValue(Optimizer.AdamW.EPSILON));
    push(stack, new IValue(false)); // amsgrad
    push(stack, new IValue(false)); // maximize
    push(stack, scale);
    push(stack, new IValue()); // infinite gradients found
    fusedAdamW.callBoxed(stack);
  }

  private void step(
      List<FlatVectors.View> views, Network.Step step, Kind kind, Optimizer.Sgd sgd, IValue scale) {
    IValueVector stack = stack(views);
    push(stack, list(views, view -> vectors.mean(0, view)));
    // In a first step the operation takes the gradient for the momentum, which without momentum is
    // what every step does; it would not write the momentum otherwise.
    boolean first = sgd.momentum() == 0;
    push(stack, new IValue(kind.decays ? step.weightDecay() : 0));
    push(stack, new IValue(first ? 1.0 : sgd.momentum()));
    push(stack, new IValue(step.learningRate() * kind.rate));
    push(stack, new IValue(0.0)); // dampening
    push(stack, new IValue(sgd.nesterov()));
    push(stack, new IValue(false)); // maximize
    push(stack, new IValue(first));
    push(stack, scale);
    push(stack, new IValue()); // infinite gradients found
    fusedSgd.callBoxed(stack);
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

  private static IValue list(
      List<FlatVectors.View> views, Function<FlatVectors.View, Tensor> tensor) {
    Tensor[] tensors = views.stream().map(tensor).toArray(Tensor[]::new);
    // A list of tensors and one of any values are the same in memory.
    return new IValue(new GenericList(new TensorList(new TensorVector(tensors))));
  }
}
