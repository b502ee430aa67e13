package convoy.convolution;

/** Takes the products that an operation's outputs are sums of. */
@FunctionalInterface
public interface Products {
  /** The place of a value that is always zero: in the padding, or cut off. */
  int ZERO = -1;

  /** {@code output += input * weight}, each by its place in its array. */
  void add(int output, int input, int weight);
}
