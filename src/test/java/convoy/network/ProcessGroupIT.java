package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ProcessGroupIT {
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** What a rank does with its group. */
  private interface Work<T> {
    T with(ProcessGroup group, int rank) throws Exception;
  }

  private <T> List<Future<T>> ranks(
      int size, Duration deadline, IntPredicate cancelled, Work<T> work) {
    ProcessGroup.Rendezvous first =
        ProcessGroup.open(
            new ProcessGroup.Member(0, size, "127.0.0.1", deadline, () -> cancelled.test(0)));
    String address = first.address();
    List<Future<T>> results = new ArrayList<>();
    for (int r = 0; r < size; r++) {
      int rank = r;
      results.add(
          threads.submit(
              () -> {
                try (ProcessGroup.Rendezvous own =
                        rank == 0
                            ? first
                            : ProcessGroup.open(
                                new ProcessGroup.Member(
                                    rank,
                                    size,
                                    "127.0.0.1",
                                    deadline,
                                    () -> cancelled.test(rank)));
                    ProcessGroup group = own.join(address)) {
                  return work.with(group, rank);
                }
              }));
    }
    return results;
  }

  private static float[] values(int rank) {
    float[] values = new float[10_007];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(rank * 31.7 + i);
    }
    return values;
  }

  private static float[] summed(ProcessGroup group, int rank, double weight) {
    float[] values = values(rank);
    try (Memory memory = new Memory((long) values.length * Float.BYTES)) {
      memory.write(0, values, 0, values.length);
      assertThat(group.sum(Pointer.nativeValue(memory), values.length, weight)).isTrue();
      return memory.getFloatArray(0, values.length);
    }
  }

  @Test
  void allRanksHaveTheWeightedSumInTheSameBits() throws Exception {
    for (int size : new int[] {2, 3, 5}) {
      List<Future<float[]>> results =
          ranks(
              size,
              Duration.ofSeconds(30),
              rank -> false,
              (group, rank) -> summed(group, rank, (rank + 1) / 10.0));
      float[] first = results.get(0).get();
      for (Future<float[]> other : results) {
        assertThat(other.get()).isEqualTo(first);
      }
      for (int i = 0; i < first.length; i += 997) {
        double sum = 0;
        for (int rank = 0; rank < size; rank++) {
          sum += (rank + 1) / 10.0 * values(rank)[i];
        }
        assertThat((double) first[i]).isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-6));
      }
    }
  }

  private static ProcessBuilder process(Class<?> main) {
    return new ProcessBuilder(
        ProcessHandle.current().info().command().orElse("java"),
        "-cp",
        System.getProperty("java.class.path"),
        main.getName());
  }

  /** A process of its own: this one's standard output is the test runner's. */
  @Test
  void nothingIsPrintedWhenRanksMeet() throws Exception {
    Process process = process(Meeting.class).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(output.lines().filter(line -> line.startsWith("said "))).hasSize(2);
    assertThat(output).doesNotContain("Gloo").doesNotContain("peer ranks");
  }

  /** Two ranks meet, and each says so. */
  static final class Meeting {
    private Meeting() {}

    public static void main(String[] arguments) throws Exception {
      for (var result :
          new ProcessGroupIT()
              .ranks(
                  2,
                  Duration.ofSeconds(30),
                  rank -> false,
                  (group, rank) -> "said " + group.sum(rank)[0])) {
        System.out.println(result.get());
      }
      System.exit(0);
    }
  }

  /** What rounding takes of one sum comes with the next ones. */
  @Test
  void roundedSumsLoseNothingInTheLongRun() throws Exception {
    int rounds = 50;
    int values = 1_001;
    for (int size : new int[] {2, 3}) {
      List<Future<double[]>> results =
          ranks(
              size,
              Duration.ofSeconds(30),
              rank -> false,
              (group, rank) -> roundedSums(group, rank, values, rounds));
      double[] first = results.get(0).get();
      for (Future<double[]> other : results) {
        assertThat(other.get()).isEqualTo(first);
      }
      double once = 0;
      double mean = 0;
      for (int i = 0; i < values; i++) {
        double exact = 0;
        for (int rank = 0; rank < size; rank++) {
          exact += valueOf(rank, i) * (rank + 1) / 10.0;
        }
        once = Math.max(once, Math.abs(first[i] - exact) / Math.abs(exact));
        mean = Math.max(mean, Math.abs(first[values + i] / rounds - exact) / Math.abs(exact));
      }
      // Of eight bits; and of as many roundings as there are ranks, spread over the rounds.
      assertThat(once).isBetween(1e-4, 0.01);
      assertThat(mean).isLessThan(0.01 * 2 / rounds * size);
    }
  }

  private static float valueOf(int rank, int i) {
    return 1 + (rank * 31 + i * 17) % 101 / 97f;
  }

  /** The first sum's values, then those of all sums added up. */
  private static double[] roundedSums(ProcessGroup group, int rank, int values, int rounds) {
    double[] sums = new double[2 * values];
    float[] own = new float[values];
    for (int i = 0; i < values; i++) {
      own[i] = valueOf(rank, i);
    }
    try (Memory memory = new Memory((long) values * Float.BYTES);
        NativeVector vector = NativeVector.library().at(Pointer.nativeValue(memory), values);
        NativeVector residual = NativeVector.library().zeros(values)) {
      for (int round = 0; round < rounds; round++) {
        memory.write(0, own, 0, values);
        assertThat(group.sumRounded(vector, residual, (rank + 1) / 10.0)).isTrue();
        for (int i = 0; i < values; i++) {
          float value = memory.getFloat((long) i * Float.BYTES);
          sums[values + i] += value;
          sums[i] = round == 0 ? value : sums[i];
        }
      }
    }
    return sums;
  }

  @Test
  void aGroupOfOneLeavesItsVectorToTheBit() throws Exception {
    List<Future<float[]>> results =
        ranks(
            1,
            Duration.ofSeconds(30),
            rank -> false,
            (group, rank) -> summed(group, rank, 1.0 / 3));
    assertThat(results.get(0).get()).isEqualTo(values(0));
  }

  @Test
  void smallSumsAreInDoublePrecision() throws Exception {
    List<Future<double[]>> results =
        ranks(
            3,
            Duration.ofSeconds(30),
            rank -> false,
            (group, rank) -> group.sum(1e9 + rank, 1, Double.NaN));
    for (Future<double[]> result : results) {
      assertThat(result.get()).containsExactly(3e9 + 3, 3, Double.NaN);
    }
  }

  @Test
  void aRankThatLeavesIsNoticedAtOnce() throws Exception {
    List<Future<double[]>> results =
        ranks(
            2,
            Duration.ofMinutes(10),
            rank -> false,
            (group, rank) -> {
              double[] met = group.sum(1);
              return rank == 0 ? group.sum(1) : met;
            });
    assertThat(results.get(1).get()).containsExactly(2);
    assertThatThrownBy(() -> results.get(0).get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ProcessGroup.GroupException.class)
        .hasMessageContaining("Worker 1 of 2 on 127.0.0.1 waited for the others to agree");
  }

  @Test
  void aRankThatIsSilentIsWaitedForUntilTheDeadline() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    List<Future<double[]>> results =
        ranks(
            2,
            Duration.ofSeconds(3),
            rank -> false,
            (group, rank) -> {
              if (rank == 1) {
                seen.await();
                return new double[0];
              }
              return group.sum(1);
            });
    assertThatThrownBy(() -> results.get(0).get(30, TimeUnit.SECONDS))
        .hasMessageContaining("at most 3 s, in vain");
    seen.countDown();
  }

  /** Though the others are there; and what Gloo still does afterwards reaches no vector. */
  @Test
  void aCancelledWaitEndsAndItsVectorIsLeftAlone() throws Exception {
    int values = 1_000_000;
    AtomicBoolean cancelled = new AtomicBoolean();
    CountDownLatch joined = new CountDownLatch(2);
    CountDownLatch closed = new CountDownLatch(1);
    try (Memory early = new Memory((long) values * Float.BYTES);
        Memory late = new Memory((long) values * Float.BYTES)) {
      float[] ones = new float[values];
      Arrays.fill(ones, 1);
      early.write(0, ones, 0, values);
      late.write(0, ones, 0, values);
      List<Future<Boolean>> results =
          ranks(
              2,
              Duration.ofMinutes(10),
              rank -> rank == 0 && cancelled.get(),
              (group, rank) -> {
                joined.countDown();
                if (rank == 1) {
                  closed.await();
                  return group.sum(Pointer.nativeValue(late), values, 1);
                }
                return group.sum(Pointer.nativeValue(early), values, 1);
              });
      assertThat(joined.await(1, TimeUnit.MINUTES)).isTrue();
      Thread.sleep(1_000);
      assertThat(results.get(0)).isNotDone();
      cancelled.set(true);
      assertThatThrownBy(() -> results.get(0).get(5, TimeUnit.SECONDS))
          .hasMessageContaining("the task was cancelled");
      closed.countDown();
      // Rank 0's part of the sum was under way all the time.
      assertThat(results.get(1).get(20, TimeUnit.SECONDS)).isTrue();
      assertThat(late.getFloat(0)).isEqualTo(2);
      assertThat(early.getFloatArray(0, values)).isEqualTo(ones);
    }
  }

  /**
   * A group ends when what is under way does, on another thread: until then it needs its store,
   * afterwards no sockets.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void groupsThatEndLateLeaveNothing(@TempDir Path folder) throws Exception {
    ProcessBuilder builder = process(LateEnds.class).redirectErrorStream(true);
    // glibc looks at every freed piece again that it has no cache for, and aborts at a changed one.
    builder.environment().put("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0");
    Path output = folder.resolve("output");
    Process process = builder.redirectOutput(output.toFile()).directory(folder.toFile()).start();
    try {
      assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(output).content().contains("no more files");
    assertThat(process.exitValue()).isZero();
  }

  /** Rank 0 is cancelled within a sum, again and again; then the other one takes part in it. */
  static final class LateEnds {
    private LateEnds() {}

    public static void main(String[] arguments) throws Exception {
      meetings(5);
      // Two groups' worth may not be closed yet; thirty meetings left 240 behind.
      long most = openFiles() + 16;
      meetings(30);
      for (int i = 0; i < 300 && openFiles() > most; i++) {
        Thread.sleep(100);
      }
      System.out.println(openFiles() > most ? "more files" : "no more files");
      System.exit(0);
    }

    private static long openFiles() {
      return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
          .getOpenFileDescriptorCount();
    }

    private static void meetings(int meetings) throws Exception {
      ProcessGroupIT test = new ProcessGroupIT();
      for (int i = 0; i < meetings; i++) {
        AtomicBoolean cancelled = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        List<Future<double[]>> results =
            test.ranks(
                2,
                Duration.ofSeconds(30),
                rank -> rank == 0 && cancelled.get(),
                (group, rank) -> {
                  var unused = group.sum(rank);
                  if (rank == 1) {
                    ended.await();
                  } else {
                    cancelled.set(true);
                  }
                  return group.sum(rank);
                });
        assertThatThrownBy(results.get(0)::get).hasMessageContaining("the task was cancelled");
        ended.countDown();
        results.get(1).get();
        Thread.sleep(50);
      }
    }
  }
}
