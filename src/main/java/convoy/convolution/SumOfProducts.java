package convoy.convolution;

/**
 * An operation whose every output is a sum of products of an input and a weight: all convolutions
 * and the fully connected layer. Its definition lists the products, next to the formula; its value
 * and both gradients are the same list read in three directions.
 */
public interface SumOfProducts {

  /**
   * Shape of the output for an input of this shape; its count is the memory that one image takes.
   *
   * @throws convoy.core.UserException if the operation does not apply to this input
   */
  Shape output(Shape input);

  /** Shape of the weights for an input of this shape. */
  Shape weights(Shape input);

  /**
   * Shape of the biases: one value for all outputs that are computed by one kernel (Goodfellow,
   * Bengio and Courville, 2016, section 9.5).
   */
  Shape biases(Shape input);

  /** Number of weights and biases. */
  default long parameters(Shape input) {
    return weights(input).count() + biases(input).count();
  }

  /** What a value of the output depends on, given what a value of the input depends on. */
  ReceptiveField receptiveField(ReceptiveField before, Shape input);

  /** The definition. */
  void define(Shape input, Products products);

  /** Number of products, those with padding too. */
  long multiplications(Shape input);

  /** {@code Z = sum over products of I * K}. */
  default Tensor value(Tensor input, Tensor weights) {
    Tensor output = Tensor.zeros(output(input.shape()));
    define(input.shape(), (z, i, k) -> output.add(z, input.value(i) * weights.value(k)));
    return output;
  }

  /**
   * Gradient of a loss with respect to the input: {@code dI = sum over products of dZ * K}.
   *
   * @param input shape
   * @param outputGradient of the loss with respect to each output
   */
  default Tensor inputGradient(Shape input, Tensor weights, Tensor outputGradient) {
    Tensor gradient = Tensor.zeros(input);
    define(input, (z, i, k) -> gradient.add(i, outputGradient.value(z) * weights.value(k)));
    return gradient;
  }

  /** Gradient with respect to the weights: {@code dK = sum over products of dZ * I}. */
  default Tensor weightGradient(Tensor input, Tensor outputGradient) {
    Tensor gradient = Tensor.zeros(weights(input.shape()));
    define(input.shape(), (z, i, k) -> gradient.add(k, outputGradient.value(z) * input.value(i)));
    return gradient;
  }
}
