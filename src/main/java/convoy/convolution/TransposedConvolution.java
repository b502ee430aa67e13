package convoy.convolution;

import convoy.core.Checks;

/**
 * The map that an ordinary convolution's input gradient is: it enlarges by its stride (Zeiler et
 * al., 2010; Dumoulin and Visin, 2016, chapter 4).
 *
 * <pre>Z(i, j s + m d - p, k s + n d - p) += I(l, j, k) K(l, i, m, n)  for every l, j, k, m, n
 * </pre>
 *
 * <p>Weights (input channels, filters, rows, columns): those of the convolution that it transposes.
 */
public record TransposedConvolution(int filters, Area area) implements SumOfProducts {

  public TransposedConvolution {
    new Checks().atLeast(1, "filters", filters).done();
  }

  @Override
  public Shape output(Shape input) {
    return area.transposedOutput(filters, input);
  }

  @Override
  public Shape weights(Shape input) {
    return Shape.of(Area.channels(input), filters, area.rows().size(), area.columns().size());
  }

  @Override
  public Shape biases(Shape input) {
    return Shape.of(filters);
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before.throughTransposed(area);
  }

  @Override
  public void define(Shape input, Products products) {
    Shape z = output(input);
    Shape w = weights(input);
    Sums.over(
        input,
        filters,
        area,
        (l, j, k, i, m, n) ->
            products.add(
                z.at(i, area.rows().at(j, m), area.columns().at(k, n)),
                input.at(l, j, k),
                w.at(l, i, m, n)));
  }

  /** Products that fall outside the cropped output count too. */
  @Override
  public long multiplications(Shape input) {
    return input.count() * filters * area.size();
  }
}
