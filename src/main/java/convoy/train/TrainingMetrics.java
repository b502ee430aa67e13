package convoy.train;

import convoy.cluster.JobMetrics;
import convoy.rounds.Position;
import java.util.List;

/** How a training stands, for those who watch the cluster: a source of Spark's metrics. */
final class TrainingMetrics implements AutoCloseable {
  private static final String EPOCH = "epoch";
  private static final String LOSS = "loss";
  private static final String IMAGES_PER_SECOND = "images-per-second";
  private static final String ROUND_SECONDS = "round-seconds";
  private static final String SENT_BYTES = "sent-bytes";
  private static final String VALIDATION_LOSS = "validation-loss";
  private static final String VALIDATION_ERROR = "validation-top1-error";

  private final JobMetrics metrics =
      new JobMetrics(
          "train",
          List.of(
              EPOCH,
              LOSS,
              IMAGES_PER_SECOND,
              ROUND_SECONDS,
              SENT_BYTES,
              VALIDATION_LOSS,
              VALIDATION_ERROR));

  /** Means over the epoch so far; bytes of all workers in it. */
  void tell(Position position) {
    double seconds = position.costs().seconds();
    metrics.tell(EPOCH, position.epoch() + (double) position.round() / position.rounds());
    metrics.tell(LOSS, position.meanLoss());
    metrics.tell(IMAGES_PER_SECOND, position.examples() / seconds);
    metrics.tell(ROUND_SECONDS, seconds / position.round());
    metrics.tell(SENT_BYTES, position.costs().sentBytes());
  }

  void tell(TrainingHistory.Epoch epoch) {
    metrics.tell(VALIDATION_LOSS, epoch.validationLoss());
    metrics.tell(VALIDATION_ERROR, epoch.validationTop1Error());
  }

  @Override
  public void close() {
    metrics.close();
  }
}
