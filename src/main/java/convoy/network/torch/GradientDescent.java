package convoy.network.torch;

import convoy.network.Network;
import convoy.network.architecture.Parameter.Role;
import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorList;
import org.bytedeco.pytorch.TensorVector;

/**
 * The step, in one pass over parameters, gradients and momentum: libtorch's fused operation, which
 * its Java functions leave out, so it is called by its name. Gradients are let go afterwards, so
 * that the next backward pass hands over its own instead of adding to zeros.
 */
final class GradientDescent {
  private final OperatorHandle fused;
  private final List<FlatVectors.View> decayed;
  private final List<FlatVectors.View> others;

  GradientDescent(FlatVectors vectors) {
    fused = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_sgd_", "");
    decayed = vectors.trained(Role.WEIGHT);
    others = vectors.trained(Role.SCALE, Role.BIAS);
  }

  void step(Network.Step step) {
    step(decayed, step, step.weightDecay());
    step(others, step, 0);
    forget();
  }

  private void step(List<FlatVectors.View> views, Network.Step step, double weightDecay) {
    if (views.isEmpty()) {
      return;
    }
    Tensor[] gradients = views.stream().map(view -> view.values().grad()).toArray(Tensor[]::new);
    IValueVector stack = new IValueVector();
    push(stack, list(views.stream().map(FlatVectors.View::values).toArray(Tensor[]::new)));
    push(stack, list(gradients));
    push(stack, list(views.stream().map(FlatVectors.View::momentum).toArray(Tensor[]::new)));
    // In a first step the operation takes the gradient for the momentum, which without momentum is
    // what every step does; it would not write the momentum otherwise.
    boolean first = step.momentum() == 0;
    push(stack, new IValue(weightDecay));
    push(stack, new IValue(first ? 1.0 : step.momentum()));
    push(stack, new IValue(step.learningRate()));
    push(stack, new IValue(0.0)); // dampening
    push(stack, new IValue(false)); // Nesterov's
    push(stack, new IValue(false)); // maximize
    push(stack, new IValue(first));
    push(stack, new IValue()); // scale of gradients
    push(stack, new IValue()); // infinite gradients found
    fused.callBoxed(stack);
  }

  /** Lets go of all gradients. */
  void forget() {
    Tensor none = new Tensor();
    decayed.forEach(view -> view.values().mutable_grad().put(none));
    others.forEach(view -> view.values().mutable_grad().put(none));
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
