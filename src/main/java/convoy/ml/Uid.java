package convoy.ml;

import org.apache.spark.ml.util.Identifiable$;

/**
 * Identifiers of stages. A stage's parameters ask for it while the constructor of the superclass
 * runs, before any field of ours is set; so a constructor that is given one leaves it here first.
 */
final class Uid {
  private static final ThreadLocal<String> ANNOUNCED = new ThreadLocal<>();

  private Uid() {}

  /** For the stage that is about to be made on this thread. */
  static Uid announce(String uid) {
    ANNOUNCED.set(uid);
    return new Uid();
  }

  /** The announced one, or a new one. */
  static String take(String prefix) {
    String announced = ANNOUNCED.get();
    ANNOUNCED.remove();
    return announced == null ? Identifiable$.MODULE$.randomUID(prefix) : announced;
  }
}
