package convoy.convolution;

/** Element by element: {@code (A o B)(i, j) = A(i, j) B(i, j)}. */
public record HadamardProduct() implements SumOfProducts {

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public Shape weights(Shape input) {
    return input;
  }

  @Override
  public Shape biases(Shape input) {
    return input;
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before;
  }

  @Override
  public void define(Shape input, Products products) {
    for (int place = 0; place < input.count(); place++) {
      products.add(place, place, place);
    }
  }

  @Override
  public long multiplications(Shape input) {
    return input.count();
  }
}
