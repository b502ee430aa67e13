package convoy.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.UserException;
import convoy.network.ModelState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ParameterSumTest {
  private static final int LENGTH = 1013;

  /** What a worker came to. */
  private record Result(ModelState state, int examples, double lossSum) {
    List<ParameterSum.Part> cut(int worker, int slices) {
      return ParameterSum.cut(
          worker, new LocalSgd.Steps(examples, lossSum, 0, 0), state, slices, true);
    }
  }

  @Test
  void theMeanOfOneWorkerIsItsStateToTheBit() {
    ModelState state = random(1);
    for (int slices : new int[] {1, 3, 7}) {
      ModelState mean = average(slices, List.of(new Result(state, 37, 0)));
      assertThat(mean.digest()).isEqualTo(state.digest());
    }
  }

  @Test
  void theMeanIsWeightedByExamples() {
    Result one = new Result(constant(1), 3, 0);
    Result two = new Result(constant(5), 1, 0);
    assertThat(average(2, List.of(one, two)).digest()).isEqualTo(constant(2).digest());
  }

  @Test
  void whoArrivesFirstDoesNotMatter() {
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      results.add(new Result(random(i), 10 + i, i));
    }
    assertThat(shuffled(results, 1).digest()).isEqualTo(shuffled(results, 2).digest());
  }

  @Test
  void aValueThatIsNotFiniteStopsTheRun() {
    ModelState broken = constant(Float.POSITIVE_INFINITY);
    assertThatThrownBy(() -> average(2, List.of(new Result(broken, 1, 0))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Lower the learning rate");
  }

  private static ModelState shuffled(List<Result> results, long seed) {
    List<ParameterSum.Mean> means = new ArrayList<>();
    for (int slice = 0; slice < 4; slice++) {
      List<ParameterSum.Part> parts = new ArrayList<>();
      for (int worker = 0; worker < results.size(); worker++) {
        parts.add(results.get(worker).cut(worker, 4).get(slice));
      }
      Collections.shuffle(parts, new Random(seed));
      means.add(ParameterSum.mean(slice, parts));
    }
    Collections.shuffle(means, new Random(seed));
    return ParameterSum.assemble(means);
  }

  private static ModelState average(int slices, List<Result> results) {
    List<ParameterSum.Mean> means = new ArrayList<>();
    for (int slice = 0; slice < slices; slice++) {
      List<ParameterSum.Part> parts = new ArrayList<>();
      for (int worker = 0; worker < results.size(); worker++) {
        parts.add(results.get(worker).cut(worker, slices).get(slice));
      }
      means.add(ParameterSum.mean(slice, parts));
    }
    return ParameterSum.assemble(means);
  }

  private static ModelState random(long seed) {
    Random random = new Random(seed);
    ByteBuffer parameters =
        ByteBuffer.allocate(LENGTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer momentum = ByteBuffer.allocate(LENGTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < LENGTH; i++) {
      parameters.putFloat((float) (random.nextGaussian() * Math.pow(10, random.nextInt(12) - 6)));
      momentum.putFloat((float) random.nextGaussian());
    }
    return new ModelState(parameters.array(), momentum.array());
  }

  private static ModelState constant(float value) {
    ByteBuffer parameters =
        ByteBuffer.allocate(LENGTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < LENGTH; i++) {
      parameters.putFloat(value);
    }
    return ModelState.atRest(parameters.array());
  }
}
