package convoy.rounds;

/** When a checkpoint is made: at the end of an epoch, and within it every so often. */
final class CheckpointRule {
  private final TrainingTask.Rules rules;
  private long last = System.nanoTime();

  CheckpointRule(TrainingTask.Rules rules) {
    this.rules = rules;
  }

  boolean isDue(Position position) {
    boolean rounds =
        rules.checkpointRounds() > 0 && position.round() % rules.checkpointRounds() == 0;
    boolean minutes =
        rules.checkpointMinutes() > 0
            && System.nanoTime() - last >= rules.checkpointMinutes() * 60_000_000_000L;
    boolean due = position.isEnd() || rounds || minutes;
    if (due) {
      last = System.nanoTime();
    }
    return due;
  }
}
