package convoy.convolution;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/** An array of doubles of any rank, the last index running fastest. */
public final class Tensor {
  private final Shape shape;
  private final double[] values;

  private Tensor(Shape shape, double[] values) {
    if (shape.count() != values.length) {
      throw new IllegalArgumentException("%d values for %s".formatted(values.length, shape));
    }
    this.shape = shape;
    this.values = values;
  }

  public static Tensor zeros(Shape shape) {
    return new Tensor(shape, new double[Math.toIntExact(shape.count())]);
  }

  /** The values are copied. */
  public static Tensor of(Shape shape, double... values) {
    return new Tensor(shape, values.clone());
  }

  /** Independent normal values of mean 0 and deviation 1. */
  public static Tensor random(Shape shape, RandomGenerator random) {
    Tensor tensor = zeros(shape);
    Arrays.setAll(tensor.values, i -> random.nextGaussian());
    return tensor;
  }

  public Shape shape() {
    return shape;
  }

  /** The value at an index; zero outside, as in the padding around a map. */
  public double at(int... index) {
    return value(shape.at(index));
  }

  /** A copy. */
  public double[] values() {
    return values.clone();
  }

  double value(int place) {
    return place == Products.ZERO ? 0 : values[place];
  }

  void add(int place, double value) {
    if (place != Products.ZERO) {
      values[place] += value;
    }
  }

  /** This tensor with {@code change} added to one value. */
  public Tensor nudged(int place, double change) {
    Tensor other = of(shape, values);
    other.add(place, change);
    return other;
  }

  /** Sum of the products of equal places. */
  public double dot(Tensor other) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[i] * other.values[i];
    }
    return sum;
  }

  @Override
  public String toString() {
    return shape + " " + Arrays.toString(values);
  }
}
