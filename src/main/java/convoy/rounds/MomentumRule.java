package convoy.rounds;

/** What becomes of the workers' momentum when their parameters are averaged. */
public enum MomentumRule {
  /** Averaged like the parameters; doubles what a round sends. */
  AVERAGE,
  /** Each round starts at rest. */
  RESET,
  /** Each worker keeps its own. */
  KEEP_LOCAL
}
