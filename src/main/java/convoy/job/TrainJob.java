package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.RunFolder;
import convoy.network.TrainedModel;
import convoy.report.TrainingAccounts;
import convoy.report.TrainingReport;
import convoy.train.ParameterAveragingTrainer;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

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
    // A cluster's are counted, and its memory is known, once it is there.
    SparkContexts.slotsOfThisMachine()
        .ifPresent(
            slots -> {
              Checks.collect(problems, () -> config.training().requireSlots(slots));
              if (problems.isEmpty()) {
                Checks.collect(problems, () -> config.requireRoomOnThisMachine(slots));
              }
            });
    return problems;
  }

  @Override
  public List<String> problems(TrainingConfig config, RunFolder run) {
    List<String> problems = new ArrayList<>();
    Checks.collect(problems, () -> Training.requireNoOtherDataset(config, run));
    return problems;
  }

  @Override
  public void run(TrainingConfig config, Context context) {
    RunFolder run = Runs.open("train", config, choicesWhenResumed(), context);
    TrainingAccounts accounts = TrainingAccounts.of(config, run);
    TrainingAccounts.attempt(() -> AugmentedPictures.write(config, run));
    try (JavaSparkContext spark = SparkContexts.open("train")) {
      ParameterAveragingTrainer.Result result =
          Training.run(
              spark,
              config,
              run,
              accounts.after(new Printer(context.out(), config.training().plannedEpochs())));
      TrainingAccounts.attempt(() -> writeFilters(run));
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

  private static void writeFilters(RunFolder run) {
    TrainedModel best =
        TrainedModel.read(TrainedModel.find(run.location().uri(), TrainedModel.Kind.BEST));
    LearnedPictures.filters(best).ifPresent(run.file(TrainingReport.FILTERS)::writeBytes);
  }

  /** A line an epoch. */
  record Printer(PrintStream out, int epochs) implements Training.Listener {
    @Override
    public void message(String text) {
      out.print(text);
    }

    @Override
    public void epoch(TrainingHistory.Epoch epoch) {
      out.println(epoch.line(epochs));
    }
  }
}
