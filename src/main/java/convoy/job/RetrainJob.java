package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Location;
import convoy.registry.Registry;
import convoy.registry.Retraining;
import convoy.registry.RetrainingConfig;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Trains the champion's challenger on what is new, and promotes it if it is better. */
final class RetrainJob implements Job<RetrainingConfig> {

  @Override
  public Class<RetrainingConfig> configType() {
    return RetrainingConfig.class;
  }

  @Override
  public boolean resumes() {
    return true;
  }

  @Override
  public List<String> problems(RetrainingConfig config) {
    return config.problems();
  }

  @Override
  public void run(RetrainingConfig config, Context context) {
    try (JavaSparkContext spark = SparkContexts.open("retrain")) {
      Retraining.Outcome outcome =
          new Retraining(
                  spark,
                  config,
                  context.provenance(),
                  new TrainJob.Printer(context.out(), config.epochs()))
              .run();
      context.out().println(outcome.words());
      outcome
          .decision()
          .ifPresent(
              decision ->
                  context
                      .out()
                      .printf(
                          "Report %s%n",
                          new Registry(Location.of(config.registry())).report(decision.version())));
    }
  }
}
