package convoy.report;

import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells others of a training, which does not fail for them: its page, and what keys ask for.
 */
public final class TrainingAccounts {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingAccounts.class);
  private final RunFolder run;
  private final List<Runnable> writers;

  private TrainingAccounts(RunFolder run, List<Runnable> writers) {
    this.run = run;
    this.writers = writers;
  }

  /**
   * @param run opened
   */
  public static TrainingAccounts of(TrainingConfig config, RunFolder run) {
    TrainingReport report = new TrainingReport(run.location());
    List<Runnable> writers = new ArrayList<>(List.of(report::write));
    if (config.tensorboard()) {
      writers.add(report::writeEvents);
    }
    config
        .mlflow()
        .map(server -> new MlflowReport(run.location(), server, config.mlflowExperiment()))
        .ifPresent(mlflow -> writers.add(mlflow::write));
    return new TrainingAccounts(run, writers);
  }

  /** Tells what is so now. */
  public void write() {
    writers.forEach(TrainingAccounts::attempt);
  }

  /** Copies page and event files to a folder that outlives the run's. */
  public void keepIn(Location folder) {
    copy(run.file(TrainingReport.FILE), folder.child("training.html"));
    Location events = run.file(EventFiles.FOLDER);
    if (events.exists()) {
      events
          .list()
          .forEach(
              file -> copy(file.location(), folder.child(EventFiles.FOLDER).child(file.name())));
    }
  }

  private static void copy(Location from, Location to) {
    if (from.exists()) {
      to.writeBytes(from.readBytes());
    }
  }

  /** Tells of each epoch, after somebody else was told. */
  public Training.Listener after(Training.Listener listener) {
    return new Training.Listener() {
      @Override
      public void message(String text) {
        listener.message(text);
      }

      @Override
      public void epoch(TrainingHistory.Epoch epoch) {
        listener.epoch(epoch);
        write();
      }
    };
  }

  /** A failure is a warning. */
  public static void attempt(Runnable writing) {
    try {
      writing.run();
    } catch (UserException e) {
      LOG.warn(e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("What tells of the training could not be written", e);
    }
  }
}
