package convoy.rounds;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.ProcessGroup;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * Where rank 0 says how the others reach it: a file of the run, which all of them can read anyhow.
 * Not {@code BarrierTaskContext.allGather}: its timers keep a program from ending (SPARK-46895).
 */
record MeetingPoint(Location file) implements Serializable {
  private static final long PAUSE_MILLIS = 20;

  /**
   * What the file says.
   *
   * @param stage and its attempt, of one application: others' addresses are not taken
   */
  private record Meeting(String stage, String address) {}

  /** Makes the file: that one is missing is remembered by network file systems for long. */
  void open() {
    file.writeText(Documents.toJson(new Meeting("", "")));
  }

  private static String stage(TaskContext context) {
    return "%s, stage %d, attempt %d"
        .formatted(
            SparkEnv.get().conf().getAppId(), context.stageId(), context.stageAttemptNumber());
  }

  /** Rank 0's address, which it says and the others wait for. */
  String address(TaskContext context, String own, Duration deadline) {
    String stage = stage(context);
    if (context.partitionId() == 0) {
      file.writeText(Documents.toJson(new Meeting(stage, own)));
      return own;
    }
    long end = System.nanoTime() + deadline.toNanos();
    while (!context.isInterrupted() && System.nanoTime() < end) {
      Optional<Meeting> meeting = read().filter(said -> said.stage().equals(stage));
      if (meeting.isPresent()) {
        return meeting.get().address();
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for worker 1", e);
      }
    }
    throw new ProcessGroup.GroupException(
        "Worker %d waited for worker 1 to say in %s where it is, at most %d s, in vain"
            .formatted(context.partitionId() + 1, file, deadline.toSeconds()),
        null);
  }

  /** Nothing while it is replaced, where a file system cannot do that at once. */
  private Optional<Meeting> read() {
    try {
      return Optional.of(Documents.read(file, Meeting.class));
    } catch (UserException e) {
      return Optional.empty();
    }
  }

  void close() {
    file.delete();
  }
}
