package convoy.network;

import java.io.Serializable;

/** What a step makes of a gradient, and what it remembers from step to step. */
public sealed interface Optimizer extends Serializable {

  /** Numbers that it remembers for a network of {@code values}. */
  long remembered(int values);

  void accept(Visitor visitor);

  /** An engine that forgets an optimizer does not compile. */
  interface Visitor {
    void visit(Sgd sgd);

    void visit(AdamW adamW);
  }

  /**
   * Gradient descent with momentum: {@code v = momentum * v + g; w = w - rate * v}, where decay is
   * a part of {@code g}.
   *
   * @param momentum 0 to below 1
   * @param nesterov whether the step is {@code rate * (g + momentum * v)} (Sutskever et al., 2013)
   */
  record Sgd(double momentum, boolean nesterov) implements Optimizer {
    @Override
    public long remembered(int values) {
      return values;
    }

    @Override
    public void accept(Visitor visitor) {
      visitor.visit(this);
    }
  }

  /**
   * AdamW (Loshchilov and Hutter, 2019): {@code m} and {@code s} are moving means of the gradient
   * and of its square, both divided by what they lack after so few steps; {@code w = w - rate * (m
   * / (sqrt(s) + EPSILON) + decay * w)}.
   *
   * @param first decay of {@code m}, 0 to below 1
   * @param second decay of {@code s}, 0 to below 1
   */
  record AdamW(double first, double second) implements Optimizer {
    public static final double EPSILON = 1e-8;

    /** Both means, and how many steps are in them. */
    @Override
    public long remembered(int values) {
      return 2L * values + 1;
    }

    @Override
    public void accept(Visitor visitor) {
      visitor.visit(this);
    }
  }
}
