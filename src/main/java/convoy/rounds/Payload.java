package convoy.rounds;

/** What workers send of their parameters. */
public enum Payload {
  /** As they are. */
  FLOAT32,
  /** What a round changed, rounded; what rounding took is sent with the next one. */
  BFLOAT16
}
