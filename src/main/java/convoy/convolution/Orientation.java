package convoy.convolution;

/** Which way a kernel lies on its input. */
public enum Orientation {
  /** {@code S(i) = sum I(i + m) K(m)}: what networks compute and call convolution. */
  CROSS_CORRELATION,
  /** {@code S(i) = sum I(i - m) K(m)}: the kernel is flipped. */
  CONVOLUTION;

  /** The element of the kernel that meets element {@code m} of the window. */
  int element(int m, int size) {
    return this == CONVOLUTION ? size - 1 - m : m;
  }
}
