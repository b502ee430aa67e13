package convoy.train;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Otherwise;
import convoy.core.RunFolder;
import convoy.evaluate.Evaluation;
import convoy.network.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What has been reached, an element an epoch: all that decides how training goes on, beside the
 * model's state.
 */
public record TrainingHistory(List<Epoch> epochs) {
  /** In a run's folder. */
  static final String FILE = "progress.jsonl";

  /**
   * One line of {@code progress.jsonl}.
   *
   * @param epoch from 1
   * @param learningRate of its last round
   * @param trainingLoss mean over the epoch's examples, each before its step, with augmentation
   * @param validationLoss of the averaged state, like the errors after it, which are fractions
   * @param validationTop5Error nothing where there are no more than five classes
   * @param minibatchesPerRound steps of each worker between two averagings
   * @param minibatches steps of each worker in the epoch
   * @param seconds of training without validation; the next three are those of a worker in them
   * @param stepSeconds of its steps
   * @param readingSeconds that it waited for minibatches
   * @param averagingSeconds of averaging, when all workers are there; in the rest it waited for
   *     others, and checkpoints and recalibration were made
   * @param sentBytes of vectors, by all workers; 0, like the parts of the time, where Spark
   *     averages
   * @param backend that computed it, or its last part where it was resumed; older runs don't say
   */
  public record Epoch(
      int epoch,
      double learningRate,
      double trainingLoss,
      double validationLoss,
      double validationTop1Error,
      Optional<Double> validationTop5Error,
      int rounds,
      @Otherwise("1") int minibatchesPerRound,
      @Otherwise("1") int minibatches,
      long images,
      double seconds,
      @Otherwise("0") double stepSeconds,
      @Otherwise("0") double readingSeconds,
      @Otherwise("0") double averagingSeconds,
      @Otherwise("0") double sentBytes,
      double imagesPerSecond,
      Optional<Backend> backend) {

    /** As evaluations show it. */
    public Evaluation.CurvePoint curvePoint() {
      return new Evaluation.CurvePoint(epoch, trainingLoss, validationLoss, validationTop1Error);
    }

    /**
     * For a person who waits.
     *
     * @param epochs in all
     */
    public String line(int epochs) {
      return "epoch %d of %d: training loss %.4f, validation loss %.4f, top-1 error %.2f %%%s, learning rate %.5f, %.1f images/s"
          .formatted(
              epoch,
              epochs,
              trainingLoss,
              validationLoss,
              100 * validationTop1Error,
              validationTop5Error
                  .map(error -> ", top-5 error %.2f %%".formatted(100 * error))
                  .orElse(""),
              learningRate,
              imagesPerSecond);
    }
  }

  List<Double> validationErrors() {
    return epochs.stream().map(Epoch::validationTop1Error).toList();
  }

  /** The first epoch with the lowest validation error. */
  public Epoch best() {
    Epoch best = epochs.get(0);
    for (Epoch epoch : epochs) {
      best = epoch.validationTop1Error() < best.validationTop1Error() ? epoch : best;
    }
    return best;
  }

  long rounds() {
    return epochs.stream().mapToLong(Epoch::rounds).sum();
  }

  /** Of training, without validations. */
  double seconds() {
    return epochs.stream().mapToDouble(Epoch::seconds).sum();
  }

  public Epoch last() {
    return epochs.get(epochs.size() - 1);
  }

  /** As evaluations show a run's model; of a folder without epochs, as a bare model's is. */
  public static Evaluation.Origin origin(RunFolder run) {
    TrainingHistory history = read(run.file(FILE));
    return new Evaluation.Origin(
        run.location().uri(),
        history.epochs.stream().map(Epoch::curvePoint).toList(),
        history.seconds());
  }

  /** Epochs of a run so far. */
  public static List<Epoch> of(RunFolder run) {
    return read(run.file(FILE)).epochs();
  }

  /** As the file of a run has it. */
  static TrainingHistory read(Location file) {
    return new TrainingHistory(
        file.exists()
            ? file.readText()
                .lines()
                .map(line -> Documents.parse(file.uri(), line).bind(file.uri(), Epoch.class))
                .toList()
            : List.of());
  }

  void write(Location file) {
    StringBuilder lines = new StringBuilder();
    epochs.forEach(epoch -> lines.append(Documents.toJsonLine(epoch)));
    file.writeText(lines.toString());
  }

  /** Of the first epochs. */
  TrainingHistory of(int number) {
    return new TrainingHistory(List.copyOf(epochs.subList(0, Math.min(number, epochs.size()))));
  }

  TrainingHistory with(Epoch epoch) {
    List<Epoch> longer = new ArrayList<>(epochs);
    longer.add(epoch);
    return new TrainingHistory(List.copyOf(longer));
  }
}
