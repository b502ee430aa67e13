package convoy.convolution;

/**
 * Of one sequence with one kernel: {@code s(t) = (x * w)(t) = sum over a of x(a) w(t - a)} with
 * {@link Window#full} and {@link Orientation#CONVOLUTION}. Shapes (length) and (size).
 */
public record Convolution1d(Window window, Orientation orientation) implements SumOfProducts {

  @Override
  public Shape output(Shape input) {
    return Shape.of(window.output(input.size(0)));
  }

  @Override
  public Shape weights(Shape input) {
    return Shape.of(window.size());
  }

  @Override
  public Shape biases(Shape input) {
    return Shape.of(1);
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before.through(window);
  }

  @Override
  public void define(Shape input, Products products) {
    Shape z = output(input);
    Shape w = weights(input);
    for (int t = 0; t < z.size(0); t++) {
      for (int m = 0; m < window.size(); m++) {
        products.add(
            z.at(t), input.at(window.at(t, m)), w.at(orientation.element(m, window.size())));
      }
    }
  }

  @Override
  public long multiplications(Shape input) {
    return output(input).count() * window.size();
  }
}
