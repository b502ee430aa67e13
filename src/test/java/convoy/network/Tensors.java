package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** What the comparisons of layers with their definitions have in common. */
final class Tensors {
  private static final double PRECISION = 2e-5;

  private Tensors() {}

  static Tensor[] randoms(Shape shape, SplittableRandom random) {
    return new Tensor[] {Tensor.random(shape, random), Tensor.random(shape, random)};
  }

  interface Place {
    void visit(int place, int i, int j, int k);
  }

  static void eachPlace(Shape map, Place visitor) {
    int width = map.rank() == 3 ? map.size(2) : 1;
    int height = map.rank() == 3 ? map.size(1) : 1;
    for (int place = 0; place < map.count(); place++) {
      visitor.visit(place, place / width / height, place / width % height, place % width);
    }
  }

  static void same(String what, Tensor actual, Tensor expected) {
    assertThat(actual.shape().count()).as(what).isEqualTo(expected.shape().count());
    double[] a = actual.values();
    double[] b = expected.values();
    double largest = IntStream.range(0, b.length).mapToDouble(i -> Math.abs(b[i])).max().orElse(0);
    double difference =
        IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElse(0);
    assertThat(difference).as(what).isLessThan(PRECISION * (1 + largest));
  }
}
