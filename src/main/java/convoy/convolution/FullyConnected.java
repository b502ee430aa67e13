package convoy.convolution;

import convoy.core.Checks;

/** {@code Z(i) = sum over all inputs l of I(l) K(i, l)}; no weight is used twice. */
public record FullyConnected(int neurons) implements SumOfProducts {

  public FullyConnected {
    new Checks().atLeast(1, "neurons", neurons).done();
  }

  @Override
  public Shape output(Shape input) {
    return Shape.of(neurons);
  }

  @Override
  public Shape weights(Shape input) {
    return Shape.of(neurons, Math.toIntExact(input.count()));
  }

  @Override
  public Shape biases(Shape input) {
    return Shape.of(neurons);
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before.throughAll(input);
  }

  @Override
  public void define(Shape input, Products products) {
    Shape k = weights(input);
    for (int i = 0; i < neurons; i++) {
      for (int l = 0; l < input.count(); l++) {
        products.add(i, l, k.at(i, l));
      }
    }
  }

  @Override
  public long multiplications(Shape input) {
    return input.count() * neurons;
  }
}
