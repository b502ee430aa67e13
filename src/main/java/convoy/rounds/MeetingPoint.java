package convoy.rounds;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.ProcessGroup;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * Where the tasks of a barrier stage find each other: a file in which rank 0 says how the others
 * reach it. Not {@code BarrierTaskContext.allGather}: its timers keep a program from ending
 * (SPARK-46895).
 */
public record MeetingPoint(Location file) implements Serializable {
  private static final long PAUSE_MILLIS = 20;

  /** Whoever only notices that another one is gone lets that one tell first. */
  private static final long MANNERS_MILLIS = 3_000;

  /** What the file says; nothing before rank 0 is there. */
  private record Meeting(String address) {}

  /** One that nobody else knows, in a folder that all can read and write. */
  public static MeetingPoint in(Location folder) {
    return new MeetingPoint(folder.child("meeting-%s.json".formatted(UUID.randomUUID())));
  }

  /** Makes the file: that one is missing is remembered by network file systems for long. */
  public void open() {
    file.writeText(Documents.toJson(new Meeting("")));
  }

  /** What a rank does with its group. */
  public interface Work<T> {
    T with(ProcessGroup.Member member, ProcessGroup group);
  }

  /**
   * Does a rank's work with the others.
   *
   * @param deadline of every wait for the others
   * @throws ProcessGroup.GroupException if they are lost
   */
  public <T> T together(TaskContext context, int ranks, Duration deadline, Work<T> work) {
    var member =
        new ProcessGroup.Member(
            context.partitionId(),
            ranks,
            SparkEnv.get().blockManager().blockManagerId().host(),
            deadline,
            context::isInterrupted);
    try (ProcessGroup.Rendezvous own = ProcessGroup.open(member);
        ProcessGroup group = own.join(address(context, own.address(), deadline))) {
      return work.with(member, group);
    } catch (ProcessGroup.GroupException e) {
      pause(context, MANNERS_MILLIS);
      throw e;
    }
  }

  private static void pause(TaskContext context, long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    while (!context.isInterrupted() && System.nanoTime() < end) {
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Rank 0's address, which it says and the others wait for. */
  private String address(TaskContext context, String own, Duration deadline) {
    if (context.partitionId() == 0) {
      file.writeText(Documents.toJson(new Meeting(own)));
      return own;
    }
    long end = System.nanoTime() + deadline.toNanos();
    while (!context.isInterrupted() && System.nanoTime() < end) {
      Optional<Meeting> meeting = read().filter(said -> !said.address().isEmpty());
      if (meeting.isPresent()) {
        return meeting.get().address();
      }
      pause(context, PAUSE_MILLIS);
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

  public void close() {
    file.delete();
  }
}
