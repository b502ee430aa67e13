package convoy.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.UserException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochPlanTest {

  @Test
  void everyExampleIsPlannedOnceWhateverTheNumbers() {
    SplittableRandom random = new SplittableRandom(7);
    for (int trial = 0; trial < 500; trial++) {
      int[] shards =
          IntStream.range(0, 1 + random.nextInt(6)).map(i -> random.nextInt(40)).toArray();
      int examples = Arrays.stream(shards).sum();
      if (examples == 0) {
        continue;
      }
      int workers = 1 + random.nextInt(Math.min(7, examples));
      var layout =
          new EpochPlan.Layout(
              workers, 1 + random.nextInt(20), 1 + random.nextInt(5), random.nextInt(4));
      EpochPlan plan = EpochPlan.of(shards, layout, trial, 3);
      int[] seen = new int[examples];
      for (int round = 0; round < plan.rounds(); round++) {
        int inRound = 0;
        for (int worker = 0; worker < workers; worker++) {
          var slice = plan.slice(round, worker);
          assertThat(slice.size()).isLessThanOrEqualTo(layout.minibatchesPerRound());
          for (int[] minibatch : slice) {
            assertThat(minibatch.length).isBetween(1, layout.minibatch());
            Arrays.stream(minibatch).forEach(example -> seen[example]++);
            inRound += minibatch.length;
          }
        }
        assertThat(inRound).isPositive();
      }
      assertThat(seen).containsOnly(1);
    }
  }

  @Test
  void minibatchesOfAWorkerDifferByOneExampleAtTheMost() {
    EpochPlan plan = EpochPlan.of(new int[] {101, 100}, new EpochPlan.Layout(2, 32, 8, 0), 1, 0);
    int[] sizes = plan.slice(0, 0).stream().mapToInt(minibatch -> minibatch.length).toArray();
    assertThat(sizes).containsExactlyInAnyOrder(25, 25, 25, 25);
  }

  @Test
  void epochsAndSeedsGiveOtherOrdersAndTheSameOnesTheSame() {
    var layout = new EpochPlan.Layout(2, 10, 1, 0);
    int[] shards = {50, 50};
    int[] first = EpochPlan.of(shards, layout, 1, 0).slice(0, 0).get(0);
    assertThat(EpochPlan.of(shards, layout, 1, 0).slice(0, 0).get(0)).isEqualTo(first);
    assertThat(EpochPlan.of(shards, layout, 1, 1).slice(0, 0).get(0)).isNotEqualTo(first);
    assertThat(EpochPlan.of(shards, layout, 2, 0).slice(0, 0).get(0)).isNotEqualTo(first);
  }

  @Test
  void moreWorkersThanExamplesAreRefused() {
    assertThatThrownBy(() -> EpochPlan.of(new int[] {3}, new EpochPlan.Layout(4, 1, 1, 0), 1, 0))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot train 4 workers on 3 examples: each needs at least one. Lower training.workers.");
  }

  @Test
  void aWorkerHasTheSameShardsInEveryEpoch() {
    var layout = new EpochPlan.Layout(4, 10, 1, 0);
    int[] shards = IntStream.range(0, 23).map(i -> 30 + i).toArray();
    for (int worker = 0; worker < 4; worker++) {
      assertThat(examples(EpochPlan.of(shards, layout, 1, 7), worker))
          .containsExactlyInAnyOrder(examples(EpochPlan.of(shards, layout, 1, 0), worker))
          .isNotEqualTo(examples(EpochPlan.of(shards, layout, 1, 0), worker));
    }
  }

  @Test
  void aWindowHasSoManyShardsAtATime() {
    EpochPlan plan =
        EpochPlan.of(new int[] {50, 50, 50, 50}, new EpochPlan.Layout(1, 50, 1, 2), 1, 3);
    int[] order = examples(plan, 0);
    for (int from = 0; from < 200; from += 100) {
      assertThat(Arrays.stream(order, from, from + 100).map(example -> example / 50).distinct())
          .hasSize(2);
    }
  }

  private static int[] examples(EpochPlan plan, int worker) {
    return IntStream.range(0, plan.rounds())
        .boxed()
        .flatMap(round -> plan.slice(round, worker).stream())
        .flatMapToInt(Arrays::stream)
        .toArray();
  }
}
