package convoy.rounds;

import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.EpochPlan;
import convoy.data.Minibatch;
import convoy.data.MinibatchReader;
import convoy.data.PictureStore;
import convoy.network.Network;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * One worker's part of an epoch: round after round its steps from a state. What a round makes of a
 * state follows from (state, slice, seed) alone; the reader is the same all the time, and reads
 * ahead while the others are waited for.
 */
final class LocalSgd implements AutoCloseable {
  private static final long DROPOUT = 1;
  private static final long AUGMENTATION = 2;
  private final EpochWork epoch;
  private final int worker;
  private final List<List<int[]>> slices;
  private final int firstRound;
  private final MinibatchReader reader;

  /**
   * What a round's steps came to.
   *
   * @param lossSum over the examples, each before its step
   */
  record Steps(int examples, double lossSum) {}

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
    EpochPlan plan = epoch.plan();
    slices = IntStream.range(firstRound, lastRound).mapToObj(r -> plan.slice(r, worker)).toList();
    var inputs =
        new MinibatchReader.Inputs(
            task.transform(),
            Optional.of(task.augmentation()),
            Seeds.mix(task.seed(), AUGMENTATION, epoch.number()));
    reader = new MinibatchReader(store, inputs, slices.stream().flatMap(List::stream).toList());
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
    for (int i = 0; i < slices.get(round - firstRound).size(); i++) {
      if (cancelled.getAsBoolean()) {
        throw new IllegalStateException("Cancelled in " + where(round));
      }
      Minibatch minibatch = reader.next();
      double loss = network.fit(minibatch, epoch.step(round));
      if (!Double.isFinite(loss)) {
        throw new UserException(
            "Cannot go on training: the loss is %s in %s. Lower the learning rate."
                .formatted(loss, where(round)));
      }
      lossSum += loss * minibatch.examples();
      examples += minibatch.examples();
    }
    return new Steps(examples, lossSum);
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
