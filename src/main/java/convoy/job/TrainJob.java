package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.RunFolder;
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
    Page page = new Page(new TrainingReport(run.location()), config.tensorboard());
    page.begin(config, run);
    try (JavaSparkContext spark = SparkContexts.open("train")) {
      ParameterAveragingTrainer.Result result =
          Training.run(
              spark,
              config,
              run,
              new Printer(context.out(), config.training().plannedEpochs(), Optional.of(page)));
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
      page.write();
    }
  }

  /**
   * A training's page; a training does not fail for it.
   *
   * @param hasEvents whether TensorBoard's files are written with it
   */
  record Page(TrainingReport report, boolean hasEvents) {
    private static final Logger LOG = LoggerFactory.getLogger(Page.class);

    void begin(TrainingConfig config, RunFolder run) {
      attempt(() -> AugmentedPictures.write(config, run));
    }

    void write() {
      attempt(report::write);
      if (hasEvents) {
        attempt(report::writeEvents);
      }
    }

    private static void attempt(Runnable writing) {
      try {
        writing.run();
      } catch (RuntimeException e) {
        LOG.warn("What shows the training could not be written", e);
      }
    }
  }

  /**
   * A line an epoch.
   *
   * @param page that is written then, too
   */
  record Printer(PrintStream out, int epochs, Optional<Page> page) implements Training.Listener {
    @Override
    public void message(String text) {
      out.print(text);
    }

    @Override
    public void epoch(TrainingHistory.Epoch epoch) {
      out.println(epoch.line(epochs));
      page.ifPresent(Page::write);
    }
  }
}
