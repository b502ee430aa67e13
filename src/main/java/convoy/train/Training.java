package convoy.train;

import convoy.cluster.SparkContexts;
import convoy.core.Digests;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.data.shards.DatasetManifest;
import convoy.network.Backend;
import convoy.rounds.Transport;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;

/** A whole training, the same behind every door: checks, memory plan, epochs. */
public final class Training {
  private static final String DATASET = "dataset.sha256";
  private static final String WHAT = "data set";

  private Training() {}

  /** Who is told how a training goes. */
  public interface Listener {

    /** What a person reads before it starts. */
    void message(String text);

    /** An epoch is done and its checkpoint is safe. */
    void epoch(TrainingHistory.Epoch epoch);
  }

  /**
   * Trains, or goes on where the run's last checkpoint is.
   *
   * @param config without {@link TrainingConfig#problems()}
   * @param run opened with this configuration
   */
  public static ParameterAveragingTrainer.Result run(
      JavaSparkContext spark, TrainingConfig config, RunFolder run, Listener listener) {
    run.requireSame(DATASET, digest(config), WHAT);
    TrainingSubject subject = config.subject();
    TrainingOptions options = config.training();
    Transport.require(
        options.transport(), spark, options.workers(), options.allowUnauthenticated());
    MemoryPlan plan = subject.memoryPlan(options, SparkContexts.slots(spark));
    String before = plan.describe(spark) + computedBy(config) + beginning(subject);
    listener.message(before);
    plan.requireRoom(spark);
    try (Lease lease = run.lease();
        TrainingMetrics metrics = new TrainingMetrics()) {
      lease.cleanUp();
      TrainingState.write(run, before);
      return new ParameterAveragingTrainer(spark, subject, options, run.location(), metrics)
          .train(lease::requireHeld, listener);
    }
  }

  /** Refuses a run that was begun on another data set. */
  public static void requireNoOtherDataset(TrainingConfig config, RunFolder run) {
    run.requireNoOther(DATASET, () -> digest(config), WHAT);
  }

  private static String digest(TrainingConfig config) {
    return Digests.sha256(Location.of(config.dataset()).child(DatasetManifest.FILE).readBytes());
  }

  private static String computedBy(TrainingConfig config) {
    Backend backend = config.network().backend();
    return "Computed by %s on %s in %s.\n"
        .formatted(word(backend.engine()), word(backend.device()), word(backend.precision()));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static String beginning(TrainingSubject subject) {
    return subject
        .head()
        .map(
            head ->
                switch (head) {
                  case KEPT -> "Begins with the weights that were given.\n";
                  case WIDENED ->
                      "Begins with the weights that were given; the last layer is new for the new classes.\n";
                  case NEW ->
                      "Begins with the weights that were given; the last layer is new, for other classes.\n";
                })
        .orElse("");
  }
}
