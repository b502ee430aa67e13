package convoy.convolution;

import convoy.core.Checks;
import convoy.core.UserException;

/**
 * The convolution of networks, with stride s, padding p and dilation d:
 *
 * <pre>Z(i, j, k) = sum over l, m, n of I(l, j s + m d - p, k s + n d - p) K(i, l, m, n)</pre>
 *
 * <p>where l runs over the input channels of the output channel's group. One group is the ordinary
 * convolution, a group a channel the depthwise one. Weights (filters, channels of a group, rows,
 * columns).
 *
 * @param filters output channels, a multiple of the groups
 */
public record Convolution(int filters, int groups, Area area, Orientation orientation)
    implements SumOfProducts {

  public Convolution {
    new Checks()
        .atLeast(1, "filters", filters)
        .atLeast(1, "groups", groups)
        .that(
            groups < 1 || filters % groups == 0,
            "filters",
            filters,
            "must be a multiple of the groups, " + groups)
        .done();
  }

  /** An ordinary convolution as networks compute it. */
  public static Convolution of(int filters, Area area) {
    return grouped(filters, 1, area);
  }

  /** Krizhevsky et al. (2012): each group of filters sees a group of the channels. */
  public static Convolution grouped(int filters, int groups, Area area) {
    return new Convolution(filters, groups, area, Orientation.CROSS_CORRELATION);
  }

  /** Each channel has filters of its own (Sifre, 2014). */
  public static Convolution depthwise(int channels, int multiplier, Area area) {
    return grouped(channels * multiplier, channels, area);
  }

  /** 1x1: mixes channels, place by place (Lin et al., 2013). */
  public static Convolution pointwise(int filters) {
    return of(filters, Area.square(Window.valid(1)));
  }

  @Override
  public Shape output(Shape input) {
    var unused = groupChannels(input);
    return area.output(filters, input);
  }

  @Override
  public Shape weights(Shape input) {
    return Shape.of(filters, groupChannels(input), area.rows().size(), area.columns().size());
  }

  @Override
  public Shape biases(Shape input) {
    return Shape.of(filters);
  }

  private int groupChannels(Shape input) {
    int channels = Area.channels(input);
    if (channels % groups != 0) {
      throw new UserException(
          "Cannot split %d channels into %d groups. Use a number of groups that divides the channels."
              .formatted(channels, groups));
    }
    return channels / groups;
  }

  @Override
  public ReceptiveField receptiveField(ReceptiveField before, Shape input) {
    return before.through(area);
  }

  @Override
  public void define(Shape input, Products products) {
    Shape z = output(input);
    Shape w = weights(input);
    int channels = groupChannels(input);
    Window rows = area.rows();
    Window columns = area.columns();
    Sums.over(
        z,
        channels,
        area,
        (i, j, k, l, m, n) ->
            products.add(
                z.at(i, j, k),
                input.at(i / (filters / groups) * channels + l, rows.at(j, m), columns.at(k, n)),
                w.at(
                    i,
                    l,
                    orientation.element(m, rows.size()),
                    orientation.element(n, columns.size()))));
  }

  @Override
  public long multiplications(Shape input) {
    return output(input).count() * groupChannels(input) * area.size();
  }
}
