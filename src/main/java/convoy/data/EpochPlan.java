package convoy.data;

import convoy.core.Seeds;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which worker sees which examples in which round of an epoch, every example exactly once.
 *
 * <p>Shards are shuffled and laid end to end; each worker has one stretch of them, equal to within
 * one example, and shuffles it. So an epoch touches each shard from one worker, or two at a cut. A
 * worker's stretch is cut into minibatches of equal size to within one example, none larger than
 * asked: no tiny last minibatch upsets batch normalization.
 */
public final class EpochPlan {
  private final int[][] order;
  private final int minibatches;
  private final int minibatchesPerRound;

  private EpochPlan(int[][] order, int minibatches, int minibatchesPerRound) {
    this.order = order;
    this.minibatches = minibatches;
    this.minibatchesPerRound = minibatchesPerRound;
  }

  /**
   * How training is laid out.
   *
   * @param workers that train at the same time
   * @param minibatch most examples of one step of one worker
   * @param minibatchesPerRound steps between two averagings
   */
  public record Layout(int workers, int minibatch, int minibatchesPerRound)
      implements Serializable {

    /** Refuses a number of examples that leaves a worker without one. */
    public void requireEnough(int examples) {
      if (examples < workers) {
        throw new UserException(
            "Cannot train %d workers on %d examples: each needs at least one. Lower training.workers."
                .formatted(workers, examples));
      }
    }
  }

  /**
   * @param shardExamples examples of each shard; examples are numbered through all of them
   * @throws UserException if there are more workers than examples
   */
  public static EpochPlan of(int[] shardExamples, Layout layout, long seed, int epoch) {
    int examples = Arrays.stream(shardExamples).sum();
    int workers = layout.workers();
    layout.requireEnough(examples);
    int[] all = shuffledShards(shardExamples, examples, seed, epoch);
    int[][] order = new int[workers][];
    for (int worker = 0; worker < workers; worker++) {
      order[worker] =
          Arrays.copyOfRange(
              all, cut(examples, worker, workers), cut(examples, worker + 1, workers));
      Seeds.shuffle(order[worker], Seeds.random(seed, epoch, worker));
    }
    int most = (examples + workers - 1) / workers;
    return new EpochPlan(
        order, (most + layout.minibatch() - 1) / layout.minibatch(), layout.minibatchesPerRound());
  }

  private static int[] shuffledShards(int[] shardExamples, int examples, long seed, int epoch) {
    int[] first = new int[shardExamples.length];
    int[] shards = new int[shardExamples.length];
    for (int i = 0, sum = 0; i < shards.length; sum += shardExamples[i++]) {
      first[i] = sum;
      shards[i] = i;
    }
    Seeds.shuffle(shards, Seeds.random(seed, epoch, -1));
    int[] all = new int[examples];
    int at = 0;
    for (int shard : shards) {
      for (int i = 0; i < shardExamples[shard]; i++) {
        all[at++] = first[shard] + i;
      }
    }
    return all;
  }

  public int rounds() {
    return (minibatches + minibatchesPerRound - 1) / minibatchesPerRound;
  }

  /** Of each worker in the whole epoch. */
  public int minibatches() {
    return minibatches;
  }

  public int workers() {
    return order.length;
  }

  /**
   * The minibatches of one worker in one round, each as example numbers. Empty ones are left out;
   * there are such only where a worker has fewer examples than minibatches.
   */
  public List<int[]> slice(int round, int worker) {
    List<int[]> slice = new ArrayList<>();
    int[] mine = order[worker];
    int end = Math.min(minibatches, (round + 1) * minibatchesPerRound);
    for (int i = round * minibatchesPerRound; i < end; i++) {
      int[] minibatch =
          Arrays.copyOfRange(
              mine, cut(mine.length, i, minibatches), cut(mine.length, i + 1, minibatches));
      if (minibatch.length > 0) {
        slice.add(minibatch);
      }
    }
    return slice;
  }

  /** Where part {@code part} of {@code parts} equal ones begins. */
  private static int cut(int length, int part, int parts) {
    return (int) ((long) length * part / parts);
  }
}
