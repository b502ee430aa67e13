package convoy.job;

import convoy.core.Checks;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where runs are. */
final class Runs {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private Runs() {}

  /** A new folder below {@code runs}, named after the job and the time (UTC). */
  static Location fresh(String job) {
    return Location.of("runs/%s-%s".formatted(job, TIME.format(LocalDateTime.now(ZoneOffset.UTC))));
  }

  /** All that is wrong with the folder that was named. */
  static List<String> problems(
      String job, Record config, List<String> free, Optional<Location> folder) {
    List<String> problems = new ArrayList<>();
    folder.ifPresent(
        named -> {
          problems.addAll(named.problemsWithWriting());
          Checks.collect(problems, () -> RunFolder.require(named, job, config, free));
          Checks.collect(problems, new RunFolder(named)::requireFree);
        });
    return problems;
  }

  /** The folder of a job's run: the one that was named on the command line, or a new one. */
  static RunFolder open(String job, Record config, Job.Context context) {
    return open(job, config, List.of(), context);
  }

  /**
   * The same.
   *
   * @param free last parts of keys whose values may be others when a run is resumed
   */
  static RunFolder open(String job, Record config, List<String> free, Job.Context context) {
    Location folder = context.run().orElseGet(() -> fresh(job));
    // One that was named has been looked at (problems).
    if (context.run().isEmpty()) {
      UserException.throwIfAny(folder.problemsWithWriting());
      // Whoever stops it has to know what to resume.
      context.out().printf("Run %s%n", folder);
    }
    return RunFolder.open(folder, job, config, free, context.provenance());
  }
}
