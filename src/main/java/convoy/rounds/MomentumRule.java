package convoy.rounds;

/** What becomes of what the workers' optimizers remember when their parameters are averaged. */
public enum MomentumRule {
  /** Averaged like the parameters; a round sends it, too. */
  AVERAGE,
  /** Each round starts at rest. */
  RESET,
  /** Each worker keeps its own. */
  KEEP_LOCAL
}
