package convoy.train;

import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.data.shards.DatasetManifest;
import java.util.List;
import java.util.Optional;

/**
 * How a training stands, as its folder says.
 *
 * @param now where the epoch that is under way stands
 * @param classes of its data set; 0 where that is gone
 * @param messages that a person was told before it started
 */
public record TrainingState(
    TrainingConfig config,
    Kind kind,
    Optional<Now> now,
    List<TrainingHistory.Epoch> epochs,
    int classes,
    String messages) {
  private static final String NOW = "now.json";
  private static final String MESSAGES = "messages.txt";

  /** Whether it goes on. */
  public enum Kind {
    /** Somebody is at work. */
    TRAINING,
    /** All epochs are trained. */
    DONE,
    /** Nobody is at work; it may be resumed. */
    STOPPED
  }

  /**
   * A point of an epoch; {@code now.json}.
   *
   * @param epoch from 0
   * @param seconds of training so far, without validations
   */
  public record Now(int epoch, long examples, long ofExamples, double loss, double seconds) {}

  /** As the files of a run say. */
  public static TrainingState of(RunFolder run) {
    Location configFile = run.config();
    TrainingConfig config =
        Documents.parse(configFile.uri(), configFile.readText())
            .bind(configFile.uri(), TrainingConfig.class);
    List<TrainingHistory.Epoch> epochs = TrainingHistory.of(run);
    boolean isDone =
        config.training().areDone(new TrainingHistory(epochs)) && run.file("result.json").exists();
    Kind kind = isDone ? Kind.DONE : Lease.isHeld(run.location()) ? Kind.TRAINING : Kind.STOPPED;
    Location manifest = Location.of(config.dataset()).child(DatasetManifest.FILE);
    return new TrainingState(
        config,
        kind,
        run.file(NOW).exists()
            ? Optional.of(Documents.read(run.file(NOW), Now.class))
            : Optional.empty(),
        epochs,
        manifest.exists() ? DatasetManifest.read(Location.of(config.dataset())).labels().size() : 0,
        run.file(MESSAGES).exists() ? run.file(MESSAGES).readText() : "");
  }

  static void write(RunFolder run, Now now) {
    run.file(NOW).writeText(Documents.toJson(now));
  }

  static void write(RunFolder run, String messages) {
    run.file(MESSAGES).writeText(messages);
  }
}
