package convoy.rounds;

import convoy.core.Seeds;
import convoy.data.pictures.Augmenter;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.MinibatchReader;
import convoy.network.Network;
import java.io.Serializable;

/**
 * What there is to do in an epoch.
 *
 * @param number from 0
 * @param roundsBefore of the run, in earlier epochs
 * @param shardExamples examples of each shard
 * @param seed of the run
 * @param learningRates one a round
 * @param step at any rate
 */
public record EpochWork(
    int number,
    long roundsBefore,
    int[] shardExamples,
    EpochPlan.Layout layout,
    long seed,
    double[] learningRates,
    Network.Step step)
    implements Serializable {
  private static final long AUGMENTATION = 2;

  /** Who sees what when, the same for all who ask. */
  public static EpochPlan plan(int[] shardExamples, EpochPlan.Layout layout, long seed, int epoch) {
    return EpochPlan.of(shardExamples, layout, Seeds.mix(seed, 0), epoch);
  }

  /** What becomes of pictures in an epoch. */
  public static MinibatchReader.Inputs inputs(Augmenter augmenter, long seed, int epoch) {
    return MinibatchReader.Inputs.augmented(augmenter, Seeds.mix(seed, AUGMENTATION, epoch));
  }

  /** Who sees what when; made anew each time. */
  public EpochPlan plan() {
    return plan(shardExamples, layout, seed, number);
  }

  Network.Step step(int round) {
    return step.at(learningRates[round]);
  }

  /** Of each worker. */
  public int minibatches() {
    return plan().minibatches();
  }

  int rounds() {
    return learningRates.length;
  }

  /** Where to go on from a run's newest checkpoint; in another epoch if that is not this one's. */
  Position from(Position newest) {
    return newest.isEnd() && newest.epochs() == number ? Position.begin(number, rounds()) : newest;
  }
}
