package convoy.rounds;

import convoy.core.Seeds;
import convoy.data.reading.EpochPlan;
import convoy.network.LayerRates;
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
 * @param weightDecay L2, on weights only
 * @param rates of layers
 */
public record EpochWork(
    int number,
    long roundsBefore,
    int[] shardExamples,
    EpochPlan.Layout layout,
    long seed,
    double[] learningRates,
    double momentum,
    double weightDecay,
    LayerRates rates)
    implements Serializable {

  /** Who sees what when, the same for all who ask. */
  public static EpochPlan plan(int[] shardExamples, EpochPlan.Layout layout, long seed, int epoch) {
    return EpochPlan.of(shardExamples, layout, Seeds.mix(seed, 0), epoch);
  }

  EpochPlan plan() {
    return plan(shardExamples, layout, seed, number);
  }

  Network.Step step(int round) {
    return new Network.Step(learningRates[round], momentum, weightDecay, rates);
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
