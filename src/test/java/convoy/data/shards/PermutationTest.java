package convoy.data.shards;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PermutationTest {

  @Test
  void everyPlaceIsTakenOnceWhateverTheSize() {
    for (int size = 1; size < 300; size++) {
      Permutation order = new Permutation(size, 7L * size);
      assertThat(LongStream.range(0, size).map(order::at).sorted().toArray())
          .isEqualTo(LongStream.range(0, size).toArray());
    }
  }

  @Test
  void neighboursArePartedAndSeedsDiffer() {
    int size = 100_000;
    long[] places = LongStream.range(0, size).map(new Permutation(size, 1)::at).toArray();
    // Of a random order a tenth of the first tenth stays in it, to within four deviations.
    long stayed = Arrays.stream(places, 0, size / 10).filter(place -> place < size / 10).count();
    assertThat(stayed).isBetween(880L, 1120L);
    double meanStep =
        LongStream.range(1, size)
            .map(i -> Math.abs(places[(int) i] - places[(int) i - 1]))
            .average()
            .orElseThrow();
    assertThat(meanStep / size).isBetween(0.32, 0.35);
    long same =
        LongStream.range(0, size)
            .filter(i -> new Permutation(size, 2).at(i) == places[(int) i])
            .count();
    assertThat(same).isLessThan(20);
  }
}
