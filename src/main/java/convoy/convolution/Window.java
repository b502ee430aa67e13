package convoy.convolution;

import convoy.core.Checks;

/**
 * How a window moves along one axis of a map.
 *
 * @param size elements of the window
 * @param stride of the window, in places of the input
 * @param before zeros before the first place; {@code after} zeros after the last
 * @param dilation distance of the window's elements; 1 leaves no holes (Yu and Koltun, 2016)
 */
public record Window(int size, int stride, int before, int after, int dilation) {
  /** So that the values of a square window can be counted. */
  private static final int LARGEST = 32_767;

  public Window {
    new Checks()
        .within(1, LARGEST, "size", size)
        .within(1, LARGEST, "stride", stride)
        .within(0, LARGEST, "padding", before)
        .within(0, LARGEST, "padding", after)
        .within(1, LARGEST, "dilation", dilation)
        .done();
  }

  /** Stride 1 and no padding: the output loses {@code size - 1} places. */
  public static Window valid(int size) {
    return new Window(size, 1, 0, 0, 1);
  }

  /** Stride 1, and the output is as long as the input; an even size pads one more place behind. */
  public static Window same(int size) {
    return new Window(size, 1, (size - 1) / 2, size / 2, 1);
  }

  /** Stride 1, and every place where window and input touch counts. */
  public static Window full(int size) {
    return valid(size).padded(size - 1);
  }

  public Window strided(int newStride) {
    return new Window(size, newStride, before, after, dilation);
  }

  /** With as many zeros on both sides. */
  public Window padded(int zeros) {
    return new Window(size, stride, zeros, zeros, dilation);
  }

  public Window dilated(int newDilation) {
    return new Window(size, stride, before, after, newDilation);
  }

  /** Places from the first element to the last. */
  public int extent() {
    return (size - 1) * dilation + 1;
  }

  /**
   * Places of the output, {@code floor((input - extent + padding) / stride) + 1}; less than 1 where
   * the window does not fit.
   */
  public int output(int input) {
    return Math.floorDiv(input - extent() + before + after, stride) + 1;
  }

  /** Places of a transposed convolution's output, {@code (input - 1) stride + extent - padding}. */
  public int transposedOutput(int input) {
    return (input - 1) * stride + extent() - before - after;
  }

  /** The place of the input, possibly in the padding, under an element at a place of the output. */
  public int at(int output, int element) {
    return output * stride + element * dilation - before;
  }
}
