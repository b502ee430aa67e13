package convoy.rounds;

import convoy.cluster.ClusterJob;
import convoy.cluster.Gauge;
import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.sources.SplitName;
import convoy.network.Network;
import convoy.network.ProcessGroup;
import convoy.network.Replicas;
import convoy.network.StateLayout;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A worker of an epoch: it takes its steps and averages with the others, round after round. Rank 0
 * also reads and writes checkpoints. What the operator has to mend is not thrown, which would have
 * Spark try again: all ranks are told in the next sum, and stop.
 */
record AllReduceWorker(
    Broadcast<TrainingTask> task,
    Broadcast<PictureShelf> pictures,
    EpochWork epoch,
    Gauge gauge,
    MeetingPoint meeting)
    implements Serializable {
  /** Every wait within has a deadline, and the driver watches the whole. */
  private static final Duration UNBOUNDED = Duration.ofDays(10_000);

  private static final long RECALIBRATION = 3;

  /**
   * How it ended.
   *
   * @param place that the worker was at; the same is wished for the next epoch
   * @param failures what the operator has to mend: none or one
   * @param notes what he should know
   */
  record End(Position position, String place, List<String> failures, List<String> notes)
      implements Serializable {}

  /**
   * @param unused the worker's number, which the context has too
   */
  End run(TaskContext context, Iterator<Integer> unused) {
    TrainingTask common = task.value();
    // The group lives on the replica's thread, which alone knows when nothing is under way.
    try (Replicas.Lease replica =
        Replicas.lend(
            new Replicas.Kind(common.network(), common.backend(), ClusterJob.gpu()), UNBOUNDED)) {
      return replica.use(
          "epoch %d, worker %d".formatted(epoch.number() + 1, context.partitionId() + 1),
          network -> {
            network.remember(epoch.step().optimizer());
            return meeting.together(
                context,
                epoch.layout().workers(),
                common.deadline(),
                (member, group) -> {
                  try (RoundAverage average =
                      new RoundAverage(
                          common.rules(),
                          StateLayout.of(common.network()).values(),
                          network,
                          group,
                          member)) {
                    return new Running(common, member, network, group, average).epoch();
                  }
                });
          });
    }
  }

  /** One run of the task. */
  private final class Running {
    private final TrainingTask common;
    private final ProcessGroup.Member member;
    private final Network network;
    private final ProcessGroup group;
    private final RoundAverage average;
    private final List<String> failures = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private boolean stopped;
    private boolean idle;

    private Running(
        TrainingTask common,
        ProcessGroup.Member member,
        Network network,
        ProcessGroup group,
        RoundAverage average) {
      this.common = common;
      this.member = member;
      this.network = network;
      this.group = group;
      this.average = average;
    }

    private boolean isFirst() {
      return member.rank() == 0;
    }

    private End epoch() {
      Position position = begin();
      if (!stopped && position.epoch() == epoch.number() && !position.isEnd()) {
        position = rounds(position);
      }
      return new End(position, ClusterJob.here(), failures, notes);
    }

    /** What the operator has to mend is kept until the others can be told. */
    private <T> Optional<T> attempt(Supplier<T> work) {
      if (!failures.isEmpty()) {
        return Optional.empty();
      }
      try {
        return Optional.of(work.get());
      } catch (UserException e) {
        failures.add(e.getMessage());
        return Optional.empty();
      }
    }

    /** All ranks are where the newest checkpoint is, or where rank 0 says that a run begins. */
    private Position begin() {
      Position own = Position.begin(0, 0);
      if (isFirst()) {
        own = attempt(() -> restored()).orElse(own);
      }
      double[] told = new double[1 + Position.NUMBERS];
      told[0] = failures.size();
      if (isFirst()) {
        System.arraycopy(own.numbers(), 0, told, 1, Position.NUMBERS);
      }
      double[] agreed = group.sum(told);
      Position position = Position.of(agreed);
      if (agreed[0] > 0) {
        stopped = true;
        return position;
      }
      boolean isNew = position.epoch() == 0 && position.round() == 0;
      average.begin(isNew);
      if (!isNew) {
        attempt(
                () ->
                    common.checkpoints().own(common.rules().ownVectors(), position, member.rank()))
            .ifPresent(average::restore);
      }
      average.start(isNew);
      return position;
    }

    private Position restored() {
      return epoch.from(
          common
              .checkpoints()
              .restore(
                  notes::add,
                  content -> {
                    network.restore(content.state());
                    average.restore(content.vectors());
                  })
              .orElseGet(
                  () -> {
                    network.restore(common.first());
                    return Position.begin(0, epoch.rounds());
                  }));
    }

    private Position rounds(Position start) {
      CheckpointRule rule = new CheckpointRule(common.rules());
      long began = System.nanoTime();
      DoubleSupplier seconds = () -> start.costs().seconds() + (System.nanoTime() - began) / 1e9;
      try (LocalSgd sgd =
          new LocalSgd(
              common,
              epoch,
              pictures.value().store(SplitName.TRAIN),
              member.rank(),
              start.round(),
              epoch.rounds())) {
        Position position = start;
        while (!position.isEnd() && !stopped) {
          try {
            position = round(sgd, position, rule, seconds);
          } catch (ProcessGroup.GroupException e) {
            throw new ProcessGroup.GroupException(
                "in %s: %s".formatted(position, e.getMessage()), e);
          }
          if (isFirst()) {
            gauge.add(position.numbers());
          }
        }
        return position;
      }
    }

    private Position round(
        LocalSgd sgd, Position before, CheckpointRule rule, DoubleSupplier seconds) {
      LocalSgd.Steps own =
          attempt(() -> sgd.steps(network, before.round(), member.cancelled()))
              .orElse(LocalSgd.Steps.NONE);
      if (own.examples() == 0 && failures.isEmpty() && !idle) {
        idle = true;
        notes.add(
            "Worker %d had no examples in %s, and did not count."
                .formatted(member.rank() + 1, before));
      }
      boolean due = isFirst() && rule.isDue(before.after(0, 0));
      double[] sums =
          group.sum(
              failures.size(),
              own.examples(),
              own.lossSum(),
              due ? 1 : 0,
              own.seconds(),
              own.readingSeconds());
      if (sums[0] > 0) {
        stopped = true;
        return before;
      }
      long together = System.nanoTime();
      double rate = epoch.step(before.round()).learningRate();
      if (!average.average(own.examples() / sums[1], rate, epoch.roundsBefore() + before.round())) {
        failures.add(
            "Cannot go on training: a parameter became infinite or NaN in %s. Lower the learning rate."
                .formatted(before));
        stopped = true;
        return before;
      }
      int workers = member.size();
      Position after =
          before
              .after(sums[1], sums[2])
              .at(
                  before
                      .costs()
                      .and(
                          sums[4] / workers,
                          sums[5] / workers,
                          (System.nanoTime() - together) / 1e9,
                          (double) workers * average.sentBytes(),
                          seconds.getAsDouble()));
      if (after.isEnd()) {
        if (!recalibrate()) {
          return before;
        }
        after =
            after.at(
                after
                    .costs()
                    .and(0, 0, 0, (double) workers * average.sentBytes(), seconds.getAsDouble()));
      }
      if (sums[3] > 0) {
        save(after);
      }
      return after;
    }

    /** Whether nobody failed. */
    private boolean recalibrate() {
      Recalibration recalibration = new Recalibration(network, StateLayout.of(common.network()));
      int minibatches = common.rules().recalibration();
      if (minibatches > 0 && recalibration.isNeeded()) {
        average.withAverage(() -> recalibrate(recalibration, minibatches));
      }
      return !stopped;
    }

    private void recalibrate(Recalibration recalibration, int minibatches) {
      double[] own =
          attempt(() -> measured(recalibration, minibatches)).orElseGet(recalibration::nothing);
      double[] told = Arrays.copyOf(own, own.length + 1);
      told[own.length] = failures.size();
      double[] all = group.sum(told);
      stopped = all[own.length] > 0;
      if (!stopped) {
        recalibration.take(Arrays.copyOf(all, own.length));
      }
    }

    private double[] measured(Recalibration recalibration, int minibatches) {
      network.seed(Seeds.mix(epoch.seed(), RECALIBRATION, epoch.number(), member.rank()));
      try (MinibatchReader reader =
          LocalSgd.first(
              common, epoch, pictures.value().store(SplitName.TRAIN), member.rank(), minibatches)) {
        return recalibration.measured(reader, epoch.step().rates(), member.cancelled());
      }
    }

    private void save(Position position) {
      if (!common.rules().ownVectors().isEmpty()) {
        attempt(
            () -> {
              common.checkpoints().saveOwn(average.own(), position, member.rank());
              return position;
            });
        // The checkpoint counts when all of them are there.
        stopped = group.sum(failures.size())[0] > 0;
      }
      if (isFirst() && !stopped) {
        attempt(
            () -> {
              var content = new Checkpoints.Content(network.state(), average.shared());
              // An outer step comes after the sums that all ranks look at.
              content.requireFinite();
              common.checkpoints().save(content, position);
              return position;
            });
      }
    }
  }
}
