package convoy.convolution;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sizes of an array, outermost first: a map is (channels, height, width), an ordinary convolution's
 * weights are (filters, channels, rows, columns).
 */
public record Shape(List<Integer> sizes) {

  public static Shape of(int... sizes) {
    return new Shape(Arrays.stream(sizes).boxed().toList());
  }

  public int size(int dimension) {
    return sizes.get(dimension);
  }

  public int rank() {
    return sizes.size();
  }

  /** Number of values. */
  public long count() {
    return sizes.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }

  /**
   * Place of an element among the values, the last index running fastest; {@link Products#ZERO}
   * where an index lies outside, as it does in the padding around a map.
   */
  public int at(int... index) {
    if (index.length != sizes.size()) {
      throw new IllegalArgumentException(
          "%d indices into an array of %s".formatted(index.length, this));
    }
    int place = 0;
    for (int i = 0; i < index.length; i++) {
      if (index[i] < 0 || index[i] >= sizes.get(i)) {
        return Products.ZERO;
      }
      place = place * sizes.get(i) + index[i];
    }
    return place;
  }

  /** As papers write it: 96x55x55. */
  @Override
  public String toString() {
    return sizes.stream().map(String::valueOf).collect(Collectors.joining("x"));
  }
}
