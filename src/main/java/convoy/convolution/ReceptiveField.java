package convoy.convolution;

/**
 * The stretch of the network's input that one value of a map depends on, along one axis; where rows
 * and columns differ, along the longer one.
 *
 * @param size places of the input, with those that lie in the padding
 * @param step places of the input between neighbours of the map; below 1 after enlarging
 */
public record ReceptiveField(double size, double step) {
  /** A place of the input itself. */
  public static final ReceptiveField INPUT = new ReceptiveField(1, 1);

  public ReceptiveField through(Window window) {
    return new ReceptiveField(size + (window.extent() - 1) * step, step * window.stride());
  }

  public ReceptiveField through(Area area) {
    return through(area.rows()).joined(through(area.columns()));
  }

  /** Through a transposed convolution: a value has at most {@code extent / stride} sources. */
  public ReceptiveField throughTransposed(Area area) {
    return throughTransposed(area.rows()).joined(throughTransposed(area.columns()));
  }

  private ReceptiveField throughTransposed(Window window) {
    int sources = (window.extent() + window.stride() - 1) / window.stride();
    return new ReceptiveField(size + (sources - 1) * step, step / window.stride());
  }

  /** Of a value that depends on a whole map, or on all values of a vector. */
  public ReceptiveField throughAll(Shape input) {
    return input.rank() < 3
        ? this
        : through(Window.valid(Math.max(Area.height(input), Area.width(input))));
  }

  /** Where branches meet: the largest of both. */
  public ReceptiveField joined(ReceptiveField other) {
    return new ReceptiveField(Math.max(size, other.size), Math.max(step, other.step));
  }
}
