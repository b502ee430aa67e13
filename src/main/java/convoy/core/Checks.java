package convoy.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Collects what is wrong with a record's components, so that its compact constructor reports all of
 * it. Keys are the kebab-case names that people write.
 */
public final class Checks {
  private final List<String> problems = new ArrayList<>();

  public Checks that(boolean holds, String key, Object value, String requirement) {
    if (!holds) {
      problems.add("Invalid %s: %s (%s)".formatted(key, value, requirement));
    }
    return this;
  }

  public Checks atLeast(long minimum, String key, long value) {
    return value >= minimum ? this : that(false, key, value, "must be at least " + minimum);
  }

  /** Of a value that may be left out. */
  public Checks atLeast(long minimum, String key, Optional<Integer> value) {
    return that(
        value.map(given -> given >= minimum).orElse(true),
        key,
        value,
        "must be at least %d, or none".formatted(minimum));
  }

  /** NaN is outside every range. */
  public Checks within(double low, double high, String key, double value) {
    // Records are made in loops: no text for what holds.
    return value >= low && value <= high
        ? this
        : that(false, key, value, "must be from %s to %s".formatted(low, high));
  }

  public Checks within(long low, long high, String key, long value) {
    return value >= low && value <= high
        ? this
        : that(false, key, value, "must be from %d to %d".formatted(low, high));
  }

  public Checks positive(String key, double value) {
    return that(value > 0 && value < Double.POSITIVE_INFINITY, key, value, "must be above 0");
  }

  /** Adds what a check throws to problems that are told together. */
  public static void collect(List<String> problems, Runnable check) {
    try {
      check.run();
    } catch (UserException e) {
      problems.add(e.getMessage());
    }
  }

  public void done() {
    UserException.throwIfAny(problems);
  }
}
