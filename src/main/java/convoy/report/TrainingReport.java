package convoy.report;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import convoy.train.TrainingState;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training as a page, drawn from its run's folder alone: while it goes on, when it is done, and
 * wherever it was stopped. The page is one file that needs no other.
 */
public final class TrainingReport {
  /** In a run's folder. */
  static final String FILE = "report.html";

  /** In a run's folder: what training sees of some pictures. */
  public static final String AUGMENTATION = "augmentation.png";

  /** In the folder of a run of {@code jobs/train.sh} that is done: the first layer's kernels. */
  public static final String FILTERS = "filters.png";

  private final RunFolder run;

  /** What the page's script draws. */
  private record Data(
      TrainingState.Kind state,
      int ofEpochs,
      int classes,
      Optional<TrainingState.Now> now,
      List<TrainingHistory.Epoch> epochs) {}

  /**
   * @throws UserException if the folder has no training
   */
  public TrainingReport(Location run) {
    this.run = RunFolder.existing(run, "train");
  }

  /** For the script, as JSON that may stand within a page. */
  public String data() {
    return data(TrainingState.of(run));
  }

  private static String data(TrainingState state) {
    return Documents.toJsonLine(
            new Data(
                state.kind(),
                state.config().training().plannedEpochs(),
                state.classes(),
                state.now(),
                state.epochs()))
        .strip()
        .replace("<", "\\u003c");
  }

  /** The page. */
  public String html() {
    TrainingState state = TrainingState.of(run);
    TrainingConfig config = state.config();
    Provenance provenance = run.provenance();
    return Pages.fill(
        "training.html",
        Map.ofEntries(
            Map.entry("network", config.network().architecture()),
            Map.entry("dataset", config.dataset()),
            Map.entry("augmentation", picture(AUGMENTATION)),
            Map.entry("filters", picture(FILTERS)),
            Map.entry("config", run.config().readText()),
            Map.entry("messages", state.messages()),
            Map.entry("data", data(state)),
            Map.entry("commit", provenance.commit()),
            Map.entry("time", provenance.time()),
            Map.entry("command", String.join(" ", provenance.command())),
            Map.entry("plots", Pages.plots()),
            Map.entry("plotStyle", Pages.plotStyle()),
            Map.entry("script", Pages.text("training.js")),
            Map.entry("style", Pages.text("training.css"))));
  }

  /** For the template: one picture or none. */
  private List<String> picture(String name) {
    Location sheet = run.file(name);
    return sheet.exists() ? List.of(Pages.image(sheet.readBytes())) : List.of();
  }

  /** Writes the page into the run's folder. */
  public void write() {
    run.file(FILE).writeText(html());
  }

  /** Writes the epochs into the run's folder as TensorBoard reads them. */
  public void writeEvents() {
    EventFiles.write(run);
  }
}
