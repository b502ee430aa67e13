package convoy.job;

import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.TrainedModel;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** Where runs are, and the models in them. */
final class Runs {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private Runs() {}

  /** A new folder below {@code runs}, named after the job and the time (UTC). */
  static Location fresh(String job) {
    return Location.of("runs/%s-%s".formatted(job, TIME.format(LocalDateTime.now(ZoneOffset.UTC))));
  }

  /**
   * The model that a path means: a model folder itself, or a run's model of the given kind.
   *
   * @param kind {@code best} or {@code last}
   */
  static Location model(String path, String kind) {
    Location folder = Location.of(path);
    for (Location candidate : List.of(folder, folder.child("models").child(kind))) {
      if (TrainedModel.isIn(candidate)) {
        return candidate;
      }
    }
    throw new UserException(
        "Cannot use model %s: neither it nor its models/%s has a model.json. Name a run or model folder that is complete."
            .formatted(folder, kind));
  }
}
