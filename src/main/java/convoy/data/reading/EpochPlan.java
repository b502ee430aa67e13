package convoy.data.reading;

import convoy.core.Seeds;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Which worker sees which examples in which round of an epoch, every example exactly once.
 *
 * <p>Shards are shuffled once in a run and laid end to end; each worker has one stretch of them,
 * equal to within one example, and keeps it, so that what it has read once is at hand in every
 * epoch. It shuffles its examples anew in each. A worker's stretch is cut into minibatches of equal
 * size to within one example, none larger than asked: no tiny last minibatch upsets batch
 * normalization.
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
   * @param windowShards shards whose examples are shuffled among each other; 0 is all that a worker
   *     has. With fewer, shards are taken in a new order in each epoch.
   */
  public record Layout(int workers, int minibatch, int minibatchesPerRound, int windowShards)
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
    int[] first = new int[shardExamples.length];
    int[] shards = new int[shardExamples.length];
    for (int i = 0, sum = 0; i < shards.length; sum += shardExamples[i++]) {
      first[i] = sum;
      shards[i] = i;
    }
    Seeds.shuffle(shards, Seeds.random(seed, -1));
    int[][] order = new int[workers][];
    for (int worker = 0, at = 0, used = 0; worker < workers; worker++) {
      List<int[]> pieces = new ArrayList<>();
      int left = cut(examples, worker + 1, workers) - cut(examples, worker, workers);
      while (left > 0) {
        int shard = shards[at];
        int count = Math.min(left, shardExamples[shard] - used);
        pieces.add(IntStream.range(first[shard] + used, first[shard] + used + count).toArray());
        left -= count;
        used += count;
        if (used == shardExamples[shard]) {
          at++;
          used = 0;
        }
      }
      order[worker] = shuffled(pieces, layout.windowShards(), Seeds.random(seed, epoch, worker));
    }
    int most = (examples + workers - 1) / workers;
    return new EpochPlan(
        order, (most + layout.minibatch() - 1) / layout.minibatch(), layout.minibatchesPerRound());
  }

  /** Examples of pieces of shards, so many of these at a time. */
  private static int[] shuffled(List<int[]> pieces, int window, SplittableRandom random) {
    int[] turns = IntStream.range(0, pieces.size()).toArray();
    int most = window == 0 ? pieces.size() : window;
    if (most < pieces.size()) {
      Seeds.shuffle(turns, random);
    }
    int[] all = new int[pieces.stream().mapToInt(piece -> piece.length).sum()];
    int at = 0;
    for (int from = 0; from < turns.length; from += most) {
      int[] together =
          IntStream.range(from, Math.min(turns.length, from + most))
              .flatMap(turn -> Arrays.stream(pieces.get(turns[turn])))
              .toArray();
      Seeds.shuffle(together, random);
      System.arraycopy(together, 0, all, at, together.length);
      at += together.length;
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
