package convoy.convolution;

import convoy.core.Checks;

/**
 * Between shared and unshared: kernels repeat with a period of t outputs along rows and columns
 * (Gregor and LeCun, 2010; Le et al., 2010).
 *
 * <pre>
 * Z(i, j, k) = sum over l, m, n of I(l, j s + m d - p, k s + n d - p) K(i, l, m, n, j % t, k % t)
 * </pre>
 *
 * <p>A period of 1 is the ordinary convolution, one of the map's size the unshared one. Weights
 * (filters, channels, rows, columns, period of rows, period of columns), where a period is never
 * longer than the map.
 *
 * @param period t, in places of the output
 */
public record TiledConvolution(int filters, int period, Area area) implements SumOfProducts {

  public TiledConvolution {
    new Checks().atLeast(1, "filters", filters).atLeast(1, "period", period).done();
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
        Area.channels(input),
        area.rows().size(),
        area.columns().size(),
        Math.min(period, Area.height(z)),
        Math.min(period, Area.width(z)));
  }

  @Override
  public Shape biases(Shape input) {
    Shape w = weights(input);
    return Shape.of(filters, w.size(4), w.size(5));
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
                w.at(i, l, m, n, j % period, k % period)));
  }

  @Override
  public long multiplications(Shape input) {
    return output(input).count() * Area.channels(input) * area.size();
  }
}
