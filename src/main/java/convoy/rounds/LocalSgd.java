package convoy.rounds;

import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.Minibatch;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureStore;
import convoy.network.Network;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * One worker's part of an epoch: round after round its steps from a state. What a round makes of a
 * state follows from (state, slice, seed) alone; the reader is the same all the time, and reads
 * ahead while the others are waited for.
 */
final class LocalSgd implements AutoCloseable {
  private static final long DROPOUT = 1;
  private final EpochWork epoch;
  private final int worker;
  private final List<List<int[]>> slices;
  private final int firstRound;
  private final MinibatchReader reader;
  private final long limitMillis;

  /**
   * What a round's steps came to.
   *
   * @param lossSum over the examples, each before its step
   * @param seconds of them all
   * @param readingSeconds of waits for minibatches
   */
  record Steps(int examples, double lossSum, double seconds, double readingSeconds) {
    static final Steps NONE = new Steps(0, 0, 0, 0);
  }

  /**
   * @param firstRound to {@code lastRound}, without it
   */
  LocalSgd(
      TrainingTask task,
      EpochWork epoch,
      PictureStore store,
      int worker,
      int firstRound,
      int lastRound) {
    this.epoch = epoch;
    this.worker = worker;
    this.firstRound = firstRound;
    limitMillis = task.rules().limitMillis();
    EpochPlan plan = epoch.plan();
    slices = IntStream.range(firstRound, lastRound).mapToObj(r -> plan.slice(r, worker)).toList();
    reader = reader(task, epoch, store, slices.stream().flatMap(List::stream).toList());
  }

  private static MinibatchReader reader(
      TrainingTask task, EpochWork epoch, PictureStore store, List<int[]> minibatches) {
    return new MinibatchReader(
        store, EpochWork.inputs(task.augmenter(), task.seed(), epoch.number()), minibatches);
  }

  /** A worker's first minibatches of an epoch, as it trained with them. */
  static MinibatchReader first(
      TrainingTask task, EpochWork epoch, PictureStore store, int worker, int minibatches) {
    EpochPlan plan = epoch.plan();
    return reader(
        task,
        epoch,
        store,
        IntStream.range(0, plan.rounds())
            .mapToObj(round -> plan.slice(round, worker))
            .flatMap(List::stream)
            .limit(minibatches)
            .toList());
  }

  /**
   * The next round's steps.
   *
   * @param round one after the other
   * @param cancelled asked before each step
   */
  Steps steps(Network network, int round, BooleanSupplier cancelled) {
    network.seed(Seeds.mix(epoch.seed(), DROPOUT, epoch.number(), round, worker));
    double lossSum = 0;
    int examples = 0;
    long reading = 0;
    long began = System.nanoTime();
    List<int[]> slice = slices.get(round - firstRound);
    for (int i = 0; i < slice.size(); i++) {
      if (cancelled.getAsBoolean()) {
        throw new IllegalStateException("Cancelled in " + where(round));
      }
      if (i > 0 && limitMillis > 0 && System.nanoTime() - began >= limitMillis * 1_000_000) {
        // The others go on without; an epoch's plan is another each time.
        reader.skip(slice.size() - i);
        break;
      }
      long before = System.nanoTime();
      Minibatch minibatch = reader.next();
      reading += System.nanoTime() - before;
      double loss = network.fit(minibatch, epoch.step(round));
      if (!Double.isFinite(loss)) {
        throw new UserException(
            "Cannot go on training: the loss is %s in %s. Lower the learning rate."
                .formatted(loss, where(round)));
      }
      lossSum += loss * minibatch.examples();
      examples += minibatch.examples();
    }
    return new Steps(examples, lossSum, (System.nanoTime() - began - reading) / 1e9, reading / 1e9);
  }

  /** For messages. */
  String where(int round) {
    return "epoch %d, round %d, worker %d".formatted(epoch.number() + 1, round + 1, worker + 1);
  }

  @Override
  public void close() {
    reader.close();
  }
}
