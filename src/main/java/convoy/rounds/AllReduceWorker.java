package convoy.rounds;

import convoy.cluster.ClusterJob;
import convoy.cluster.Gauge;
import convoy.core.UserException;
import convoy.data.PictureShelf;
import convoy.data.SplitName;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.ProcessGroup;
import convoy.network.Replicas;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
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

  /**
   * How it ended.
   *
   * @param failures what the operator has to mend: none or one
   * @param notes what he should know
   */
  record End(Position position, List<String> failures, List<String> notes)
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
          network ->
              meeting.together(
                  context,
                  epoch.layout().workers(),
                  common.deadline(),
                  (member, group) -> new Running(common, member, network, group).epoch()));
    }
  }

  /** One run of the task. */
  private final class Running {
    private final TrainingTask common;
    private final ProcessGroup.Member member;
    private final Network network;
    private final ProcessGroup group;
    private final List<String> failures = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private boolean stopped;

    private Running(
        TrainingTask common, ProcessGroup.Member member, Network network, ProcessGroup group) {
      this.common = common;
      this.member = member;
      this.network = network;
      this.group = group;
    }

    private boolean isFirst() {
      return member.rank() == 0;
    }

    private End epoch() {
      Position position = begin();
      if (!stopped && position.epoch() == epoch.number() && !position.isEnd()) {
        position = rounds(position);
      }
      return new End(position, failures, notes);
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
      double[] told = new double[7];
      told[0] = failures.size();
      if (isFirst()) {
        System.arraycopy(own.numbers(), 0, told, 1, 6);
      }
      double[] agreed = group.sum(told);
      Position position = Position.of(agreed);
      if (agreed[0] > 0) {
        stopped = true;
        return position;
      }
      network.change(
          vectors -> {
            group.broadcast(vectors.parameters(), vectors.values());
            group.broadcast(vectors.momentum(), vectors.values());
          });
      boolean isNew = position.epoch() == 0 && position.round() == 0;
      if (keepsMomentum() && !isNew) {
        attempt(() -> common.checkpoints().momentum(position, member.rank()))
            .ifPresent(
                momentum ->
                    network.restore(new ModelState(network.state().parameters(), momentum)));
      }
      return position;
    }

    private Position restored() {
      return epoch.from(
          common
              .checkpoints()
              .restore(notes::add, network::restore)
              .orElseGet(
                  () -> {
                    network.restore(common.first());
                    return Position.begin(0, epoch.rounds());
                  }));
    }

    private boolean keepsMomentum() {
      return common.rules().momentum() == MomentumRule.KEEP_LOCAL;
    }

    private Position rounds(Position start) {
      CheckpointRule rule = new CheckpointRule(common.rules());
      long began = System.nanoTime();
      DoubleSupplier seconds = () -> start.seconds() + (System.nanoTime() - began) / 1e9;
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
              .orElse(new LocalSgd.Steps(0, 0));
      if (own.examples() == 0 && failures.isEmpty() && notes.isEmpty()) {
        notes.add(
            "Worker %d had no examples in %s, and did not count."
                .formatted(member.rank() + 1, before));
      }
      boolean due = isFirst() && rule.isDue(before.after(0, 0));
      double[] sums = group.sum(failures.size(), own.examples(), own.lossSum(), due ? 1 : 0);
      if (sums[0] > 0) {
        stopped = true;
        return before;
      }
      if (!average(own.examples() / sums[1])) {
        failures.add(
            "Cannot go on training: a parameter became infinite or NaN in %s. Lower the learning rate."
                .formatted(before));
        stopped = true;
        return before;
      }
      Position after = before.after(sums[1], sums[2]).at(seconds.getAsDouble());
      if (sums[3] > 0) {
        save(after);
      }
      return after;
    }

    /** Whether all parameters are finite afterwards, which all ranks see alike. */
    private boolean average(double weight) {
      AtomicBoolean finite = new AtomicBoolean();
      network.change(
          vectors -> {
            finite.set(group.sum(vectors.parameters(), vectors.values(), weight));
            if (common.rules().momentum() == MomentumRule.AVERAGE) {
              boolean unused = group.sum(vectors.momentum(), vectors.values(), weight);
            }
          });
      if (common.rules().momentum() == MomentumRule.RESET) {
        network.rest();
      }
      return finite.get();
    }

    private void save(Position position) {
      if (keepsMomentum()) {
        attempt(
            () -> {
              byte[] momentum = network.state().momentum();
              common.checkpoints().saveMomentum(momentum, position, member.rank());
              return position;
            });
        // The checkpoint counts when all momenta are there.
        stopped = group.sum(failures.size())[0] > 0;
      }
      if (isFirst() && !stopped) {
        attempt(
            () -> {
              common.checkpoints().save(network.state(), position);
              return position;
            });
      }
    }
  }
}
