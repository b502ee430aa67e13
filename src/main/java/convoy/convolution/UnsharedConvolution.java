package convoy.convolution;

import convoy.core.Checks;

/**
 * Locally connected: every place of the output has a kernel of its own (LeCun, 1989).
 *
 * <pre>Z(i, j, k) = sum over l, m, n of I(l, j s + m d - p, k s + n d - p) w(i, j, k, l, m, n)
 * </pre>
 *
 * <p>Weights (filters, output rows, output columns, channels, rows, columns).
 */
public record UnsharedConvolution(int filters, Area area) implements SumOfProducts {

  public UnsharedConvolution {
    new Checks().atLeast(1, "filters", filters).done();
  }

  @Override
  public Shape output(Shape input) {
    return area.output(filters, input);
  }

  @Override
  public Shape weights(Shape input) {
    Shape z = output(input);
    return Shape.of(
        filters,
        Area.height(z),
        Area.width(z),
        Area.channels(input),
        area.rows().size(),
        area.columns().size());
  }

  @Override
  public Shape biases(Shape input) {
    return output(input);
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before.through(area);
  }

  @Override
  public void define(Shape input, Products products) {
    Shape z = output(input);
    Shape w = weights(input);
    Sums.over(
        z,
        Area.channels(input),
        area,
        (i, j, k, l, m, n) ->
            products.add(
                z.at(i, j, k),
                input.at(l, area.rows().at(j, m), area.columns().at(k, n)),
                w.at(i, j, k, l, m, n)));
  }

  @Override
  public long multiplications(Shape input) {
    return weights(input).count();
  }
}
