package convoy.rounds;

import convoy.data.reading.EpochPlan;
import convoy.network.ModelState;
import java.util.Map;

/**
 * Rounds whose state the driver has: it goes out to the workers, and what they reach comes back.
 */
public abstract class DriverRounds implements Transport {
  private final TrainingTask task;

  /**
   * What the workers of a round saw.
   *
   * @param lossSum over the examples
   */
  public record Seen(double examples, double lossSum) {}

  protected DriverRounds(TrainingTask task) {
    this.task = task;
  }

  /** Rounds of an epoch go on from this state. */
  protected abstract void begin(EpochWork epoch, ModelState state);

  /**
   * One round further.
   *
   * @param plan of the epoch
   */
  protected abstract Seen round(EpochWork epoch, EpochPlan plan, Position position);

  /** What rounds have come to. */
  protected abstract ModelState state();

  @Override
  public final Position train(EpochWork epoch, Watcher watcher) {
    Checkpoints checkpoints = task.checkpoints();
    Position position =
        epoch.from(
            checkpoints
                .restore(watcher::note, restored -> begin(epoch, restored.state()))
                .orElseGet(
                    () -> {
                      begin(epoch, task.first());
                      return Position.begin(0, epoch.rounds());
                    }));
    if (position.epoch() != epoch.number()) {
      return position;
    }
    EpochPlan plan = epoch.plan();
    CheckpointRule rule = new CheckpointRule(task.rules());
    long started = System.nanoTime();
    double before = position.costs().seconds();
    while (!position.isEnd()) {
      Seen seen = round(epoch, plan, position);
      position =
          position
              .after(seen.examples(), seen.lossSum())
              .at(position.costs().and(0, 0, 0, 0, before + (System.nanoTime() - started) / 1e9));
      if (rule.isDue(position)) {
        Checkpoints.Content content = new Checkpoints.Content(state(), Map.of());
        content.requireFinite();
        checkpoints.save(content, position);
      }
      watcher.accept(position);
    }
    return position;
  }
}
