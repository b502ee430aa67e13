package convoy.job;

import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/**
 * A job: one word for its script, its reference configuration and its class.
 *
 * @param <C> its configuration, a record
 */
interface Job<C extends Record> {

  /**
   * What a job is run with.
   *
   * @param run folder that was named on the command line
   * @param out for the results that a person or a script reads
   */
  record Context(Optional<Location> run, Provenance provenance, PrintStream out) {}

  Class<C> configType();

  /** Settings that have an option of their own on the command line. */
  default List<String> settingsWithOption() {
    return List.of();
  }

  /** Settings that the first words after the job's name are values of, in order. */
  default List<String> settingsWithoutName() {
    return List.of();
  }

  /** Whether it goes on where it stood when it is started again. */
  default boolean resumes() {
    return false;
  }

  /** Last parts of keys whose values may be others when a run is resumed. */
  default List<String> choicesWhenResumed() {
    return List.of();
  }

  /** All that is wrong with the world for this configuration; asked before Spark starts. */
  List<String> problems(C config);

  /** What else is wrong with a run that would be resumed. */
  default List<String> problems(C config, RunFolder run) {
    return List.of();
  }

  void run(C config, Context context);
}
