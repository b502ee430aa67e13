package convoy.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.network.ModelState;
import convoy.network.NativeVector;
import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Against the papers' formulas, by hand; the numbers are exact in binary. Alone, as it measures the
 * process's memory.
 */
@Isolated
class OuterStepIT {
  private final NativeVector.Library library = NativeVector.library();

  private NativeVector vector(float... values) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    ModelState.floats(bytes).put(values);
    NativeVector vector = library.zeros(values.length);
    vector.put(bytes);
    return vector;
  }

  private static float[] values(NativeVector vector) {
    FloatBuffer floats = ModelState.floats(vector.bytes());
    float[] values = new float[floats.limit()];
    floats.get(values);
    return values;
  }

  @Test
  void slowMoTakesTheDifferencesInUnitsOfTheRate() {
    try (NativeVector start = vector(1, 2);
        NativeVector mean = vector(0.5f, 3);
        NativeVector u = vector(4, -4)) {
      new OuterStep.SlowMo(0.5, 1).apply(start, mean, u, 0.25);
      // u = 0.5 * (4, -4) + (0.5, -1) / 0.25
      assertThat(values(u)).containsExactly(4, -6);
      // next = (1, 2) - 0.25 * u
      assertThat(values(mean)).containsExactly(0, 3.5f);
      assertThat(values(start)).containsExactly(1, 2);
    }
  }

  /** The plain mean, round after round: nothing is left of the one before. */
  @Test
  void withoutMomentumTheNextRoundBeginsAtTheMean() {
    for (OuterStep step : List.of(new OuterStep.SlowMo(0, 1), new OuterStep.Nesterov(0, 1))) {
      try (NativeVector start = vector(1, 2);
          NativeVector mean = vector(0, 0);
          NativeVector momentum = vector(0, 0)) {
        for (float[] reached : new float[][] {{0.5f, 3}, {-7.25f, 0}, {2, 2}}) {
          byte[] bytes = new byte[reached.length * Float.BYTES];
          ModelState.floats(bytes).put(reached);
          mean.put(bytes);
          step.apply(start, mean, momentum, 0.25);
          assertThat(values(mean)).as("%s", step).containsExactly(reached);
          start.put(bytes);
        }
      }
    }
  }

  @Test
  void slowMoStandsStillWhereTheRateIsZero() {
    try (NativeVector start = vector(1);
        NativeVector mean = vector(1);
        NativeVector u = vector(2)) {
      new OuterStep.SlowMo(0.5, 1).apply(start, mean, u, 0);
      assertThat(values(mean)).containsExactly(1);
      assertThat(values(u)).containsExactly(2);
    }
  }

  /** Four gigabytes of them one after the other. */
  @Test
  void closedVectorsLeaveNoMemoryBehind() {
    byte[] bytes = new byte[4_000_000];
    long before = 0;
    for (int i = 0; i < 1_000; i++) {
      try (NativeVector one = library.zeros(1_000_000);
          NativeVector other = library.zeros(1_000_000);
          NativeVector part = one.part(10, 1_000)) {
        other.put(bytes);
        one.add(2, other);
        part.scale(3);
        one.swap(other);
      }
      before = i == 100 ? Pointer.physicalBytes() : before;
    }
    assertThat(Pointer.physicalBytes() - before).isLessThan(200_000_000);
  }

  @Test
  void nesterovLooksAhead() {
    try (NativeVector start = vector(1, 2);
        NativeVector mean = vector(0.5f, 3);
        NativeVector v = vector(4, -4)) {
      new OuterStep.Nesterov(0.5, 0.5).apply(start, mean, v, 7);
      // v = 0.5 * (4, -4) + (0.5, -1)
      assertThat(values(v)).containsExactly(2.5f, -3);
      // next = (1, 2) - 0.5 * ((0.5, -1) + 0.5 * v)
      assertThat(values(mean)).containsExactly(0.125f, 3.25f);
    }
  }
}
