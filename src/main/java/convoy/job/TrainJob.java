package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.report.MlflowReport;
import convoy.report.TrainingReport;
import convoy.train.ParameterAveragingTrainer;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a network on a data set by parameter averaging. */
final class TrainJob implements Job<TrainingConfig> {

  @Override
  public Class<TrainingConfig> configType() {
    return TrainingConfig.class;
  }

  @Override
  public List<String> choicesWhenResumed() {
    return TrainingConfig.CHOICES_WHEN_RESUMED;
  }

  @Override
  public boolean resumes() {
    return true;
  }

  @Override
  public List<String> problems(TrainingConfig config) {
    List<String> problems = new ArrayList<>(config.problems());
    // A cluster's are counted once it is there.
    SparkContexts.slotsOfThisMachine()
        .ifPresent(slots -> Checks.collect(problems, () -> config.training().requireSlots(slots)));
    return problems;
  }

  @Override
  public void run(TrainingConfig config, Context context) {
    RunFolder run = Runs.open("train", config, choicesWhenResumed(), context);
    Accounts accounts = Accounts.of(config, run);
    accounts.begin(config, run);
    try (JavaSparkContext spark = SparkContexts.open("train")) {
      ParameterAveragingTrainer.Result result =
          Training.run(
              spark,
              config,
              run,
              new Printer(context.out(), config.training().plannedEpochs(), Optional.of(accounts)));
      context
          .out()
          .printf(
              "Trained %,d parameters: validation top-1 error %.2f %% after epoch %d, best %.2f %% after epoch %d%n",
              result.parameters(),
              100 * result.last().validationTop1Error(),
              result.last().epoch(),
              100 * result.best().validationTop1Error(),
              result.best().epoch());
      context.out().printf("State %s%nRun %s%n", result.digest(), run.location());
    } finally {
      accounts.write();
    }
  }

  /** What tells others of a training, which does not fail for them. */
  record Accounts(List<Runnable> writers) {
    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);

    static Accounts of(TrainingConfig config, RunFolder run) {
      TrainingReport report = new TrainingReport(run.location());
      List<Runnable> writers = new ArrayList<>(List.of(report::write));
      if (config.tensorboard()) {
        writers.add(report::writeEvents);
      }
      config
          .mlflow()
          .map(server -> new MlflowReport(run.location(), server, config.mlflowExperiment()))
          .ifPresent(mlflow -> writers.add(mlflow::write));
      return new Accounts(List.copyOf(writers));
    }

    void begin(TrainingConfig config, RunFolder run) {
      attempt(() -> AugmentedPictures.write(config, run));
    }

    void write() {
      writers.forEach(Accounts::attempt);
    }

    private static void attempt(Runnable writing) {
      try {
        writing.run();
      } catch (UserException e) {
        LOG.warn(e.getMessage());
      } catch (RuntimeException e) {
        LOG.warn("What tells of the training could not be written", e);
      }
    }
  }

  /**
   * A line an epoch.
   *
   * @param accounts that are written then, too
   */
  record Printer(PrintStream out, int epochs, Optional<Accounts> accounts)
      implements Training.Listener {
    @Override
    public void message(String text) {
      out.print(text);
    }

    @Override
    public void epoch(TrainingHistory.Epoch epoch) {
      out.println(epoch.line(epochs));
      accounts.ifPresent(Accounts::write);
    }
  }
}
