package convoy.convolution;

/** The sums that the definitions are written with. */
final class Sums {

  /** A term of a sum over an output (i, j, k) and a window (l, m, n). */
  @FunctionalInterface
  interface Term {
    void add(int i, int j, int k, int l, int m, int n);
  }

  private Sums() {}

  /**
   * Over every output (i, j, k) and, for each, every input channel l, row m and column n of the
   * window.
   */
  static void over(Shape output, int channels, Area area, Term term) {
    for (int i = 0; i < output.size(0); i++) {
      for (int j = 0; j < output.size(1); j++) {
        for (int k = 0; k < output.size(2); k++) {
          for (int l = 0; l < channels; l++) {
            for (int m = 0; m < area.rows().size(); m++) {
              for (int n = 0; n < area.columns().size(); n++) {
                term.add(i, j, k, l, m, n);
              }
            }
          }
        }
      }
    }
  }
}
