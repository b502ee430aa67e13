package convoy.convolution;

import convoy.core.UserException;

/**
 * A window over rows and columns of a map.
 *
 * @param rows along the height; {@code columns} along the width
 */
public record Area(Window rows, Window columns) {

  public static Area square(Window side) {
    return new Area(side, side);
  }

  /** Number of elements. */
  public int size() {
    return rows.size() * columns.size();
  }

  /** Shape of a map that keeps the input's channels. */
  public Shape output(Shape input) {
    return output(channels(input), input);
  }

  /** Shape of a map of so many channels that the window makes of an input. */
  public Shape output(int channels, Shape input) {
    return fitting(input, channels, rows.output(height(input)), columns.output(width(input)));
  }

  /** Shape of a map that a transposed convolution makes of an input. */
  public Shape transposedOutput(int channels, Shape input) {
    return fitting(
        input,
        channels,
        rows.transposedOutput(height(input)),
        columns.transposedOutput(width(input)));
  }

  private Shape fitting(Shape input, int channels, int height, int width) {
    if (height < 1 || width < 1) {
      throw new UserException(
          "Cannot move a window of %dx%d over a map of %s: nothing is left of the map. Use a larger input."
              .formatted(rows.extent(), columns.extent(), input));
    }
    Shape output = Shape.of(channels, height, width);
    if ((double) channels * height * width > Integer.MAX_VALUE) {
      throw new UserException(
          "Cannot make a map of %s: it has more than 2^31 values. Use a smaller input."
              .formatted(output));
    }
    return output;
  }

  /** Of a map; any other shape is refused, here as below. */
  public static int channels(Shape map) {
    return requireMap(map).size(0);
  }

  public static int height(Shape map) {
    return requireMap(map).size(1);
  }

  public static int width(Shape map) {
    return requireMap(map).size(2);
  }

  private static Shape requireMap(Shape shape) {
    if (shape.rank() != 3) {
      throw new UserException(
          "Cannot move a window over %s: it is no map of (channels, height, width) any more."
              .formatted(shape));
    }
    return shape;
  }
}
