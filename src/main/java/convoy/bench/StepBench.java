package convoy.bench;

import convoy.bench.StepCase.Phase;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.UserException;
import convoy.network.Architectures;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.Engine;
import convoy.network.architecture.Blueprint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Steps of networks on engines, on the same cores in one run: every contestant is a process that
 * waits until it is its turn; turns alternate, and the median of its turns counts, so that a
 * machine's bad minute hits all alike. Where they are too large to wait in memory together, they
 * come one after the other.
 */
public final class StepBench {
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final double WARM_UP_SECONDS = 2;

  /**
   * How long to measure.
   *
   * @param repetitions turns of each contestant
   * @param seconds of a turn; one takes two steps at least
   * @param memoryBytes of the machine
   */
  public record Options(int repetitions, double seconds, long memoryBytes) {}

  /**
   * What can be measured: a way to run networks.
   *
   * @param engine as in {@link Row}
   * @param processes that run at the same time; their images/s add up
   * @param replicas of each
   * @param threads of each replica
   * @param classPath of its processes
   */
  public record Contestant(
      String engine,
      String precision,
      int processes,
      int replicas,
      int threads,
      String classPath) {}

  private final Options options;
  private final List<Contestant> contestants;
  private final Path logs;

  public StepBench(Options options, List<Contestant> contestants, Path logs) {
    this.options = options;
    this.contestants = contestants;
    this.logs = logs;
  }

  /**
   * Rows of all cases in both phases.
   *
   * @param afterCase is told all rows so far
   */
  public List<Row> run(List<StepCase> cases, Consumer<List<Row>> afterCase) {
    List<Row> rows = new ArrayList<>();
    try (Progress progress = Progress.of("bench", "cases", 2L * cases.size())) {
      for (StepCase one : cases) {
        for (Phase phase : Phase.values()) {
          rows.addAll(rows(one, phase, measure(one, phase)));
          progress.moveTo(rows.stream().map(Row::key).distinct().count(), one.network());
          afterCase.accept(List.copyOf(rows));
        }
      }
    }
    return rows;
  }

  /** What came of one contestant. */
  private record Speed(Contestant contestant, List<Double> imagesPerSecond, long mebibytes) {
    double median() {
      List<Double> sorted = imagesPerSecond.stream().sorted().toList();
      int middle = sorted.size() / 2;
      return sorted.size() % 2 == 1
          ? sorted.get(middle)
          : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
  }

  private List<Speed> measure(StepCase one, Phase phase) {
    if (fitTogether(one, phase)) {
      return measure(contestants, one, phase);
    }
    return contestants.stream()
        .flatMap(contestant -> measure(List.of(contestant), one, phase).stream())
        .toList();
  }

  /** By the most that an engine is said to take, for all of them. */
  private boolean fitTogether(StepCase one, Phase phase) {
    Blueprint blueprint = Architectures.blueprint(one.spec(phase));
    long replica =
        Engine.of(EngineName.DL4J).replicaBytes(blueprint, one.minibatch(), Precision.FLOAT32);
    long replicas = contestants.stream().mapToLong(c -> (long) c.processes() * c.replicas()).sum();
    return replicas * replica < options.memoryBytes() / 2;
  }

  private List<Speed> measure(List<Contestant> some, StepCase one, Phase phase) {
    Map<Contestant, List<Worker>> groups = new LinkedHashMap<>();
    Map<Contestant, List<Double>> speeds = new LinkedHashMap<>();
    try {
      for (Contestant contestant : some) {
        List<Worker> group = new ArrayList<>();
        groups.put(contestant, group);
        speeds.put(contestant, new ArrayList<>());
        for (int p = 0; p < contestant.processes(); p++) {
          group.add(new Worker(contestant, one, phase));
        }
        if (group.stream().allMatch(Worker::isReady)) {
          var unused = turn(group, WARM_UP_SECONDS);
        } else {
          groups.remove(contestant);
          group.forEach(Worker::close);
        }
      }
      for (int i = 0; i < options.repetitions(); i++) {
        groups.forEach(
            (contestant, group) -> speeds.get(contestant).add(turn(group, options.seconds())));
      }
      return groups.keySet().stream()
          .map(c -> new Speed(c, speeds.get(c), mebibytes(groups.get(c), c)))
          .toList();
    } finally {
      groups.values().forEach(group -> group.forEach(Worker::close));
    }
  }

  private static long mebibytes(List<Worker> group, Contestant contestant) {
    long all = group.stream().mapToLong(worker -> worker.mebibytes).sum();
    return all / contestant.processes() / contestant.replicas();
  }

  private static double turn(List<Worker> group, double seconds) {
    group.forEach(worker -> worker.begin(seconds));
    return group.stream().mapToDouble(Worker::imagesPerSecond).sum();
  }

  /** Of several contestants of one engine (thread settings) the fastest counts. */
  private static List<Row> rows(StepCase one, Phase phase, List<Speed> speeds) {
    Map<String, Row> best = new TreeMap<>();
    for (Speed speed : speeds) {
      Row row =
          new Row(
              one.network(),
              one.size(),
              one.minibatch(),
              phase.name().toLowerCase(Locale.ROOT),
              speed.contestant().engine(),
              speed.contestant().precision().toLowerCase(Locale.ROOT),
              speed.median(),
              0,
              0,
              0,
              speed.mebibytes());
      String key = "%s %s".formatted(row.engine(), row.precision());
      best.merge(key, row, (a, b) -> a.imagesPerSecond() >= b.imagesPerSecond() ? a : b);
    }
    List<Row> rows = List.copyOf(best.values());
    return rows.stream().map(row -> row.comparedWith(rows)).toList();
  }

  /** A process and its two pipes. */
  private final class Worker {
    private final Process process;
    private final PrintWriter to;
    private final BufferedReader from;
    private final String what;
    private long mebibytes;

    Worker(Contestant contestant, StepCase one, Phase phase) {
      what = "%s of %s on %s".formatted(phase, one.network(), contestant.engine());
      List<String> command =
          List.of(
              ProcessHandle.current().info().command().orElse("java"),
              "-Xmx4g",
              "-Djava.awt.headless=true",
              "-XX:MaxDirectMemorySize=128m",
              "-Dai.djl.offline=true",
              "-Dai.djl.pytorch.num_threads=" + contestant.threads(),
              "-Dai.djl.pytorch.num_interop_threads=1",
              "-cp",
              contestant.classPath(),
              StepWorker.class.getName(),
              one.network(),
              String.valueOf(one.size()),
              String.valueOf(one.minibatch()),
              phase.name(),
              contestant.engine(),
              contestant.precision(),
              String.valueOf(contestant.replicas()));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("OMP_NUM_THREADS", String.valueOf(contestant.threads()));
      builder.redirectError(
          ProcessBuilder.Redirect.appendTo(logs.resolve(contestant.engine() + ".log").toFile()));
      try {
        process = builder.start();
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot start " + what, e);
      }
      to = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
      from = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Whether its engine has all that the network needs. */
    boolean isReady() {
      return answer(StepWorker.READY, StepWorker.REFUSED).equals(StepWorker.READY);
    }

    void begin(double seconds) {
      to.println(seconds);
    }

    double imagesPerSecond() {
      String[] words = answer("result").split(" ");
      mebibytes = Long.parseLong(words[2]);
      return Double.parseDouble(words[1]);
    }

    /** The next line that begins with one of these; libraries print others. */
    private String answer(String... beginnings) {
      ExecutorService reader = Executors.newSingleThreadExecutor();
      try {
        return reader
            .submit(
                () -> {
                  String line = from.readLine();
                  while (line != null && Stream.of(beginnings).noneMatch(line::startsWith)) {
                    line = from.readLine();
                  }
                  if (line == null) {
                    throw new IOException("it ended");
                  }
                  return line;
                })
            .get(DEADLINE.toMinutes(), TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while measuring " + what, e);
      } catch (ExecutionException | TimeoutException e) {
        throw new UserException(
            "Cannot measure %s: its process ended or gave no answer within %d minutes. See the logs in %s."
                .formatted(what, DEADLINE.toMinutes(), Location.of(logs.toString())),
            e);
      } finally {
        reader.shutdownNow();
      }
    }

    void close() {
      to.close();
      process.destroyForcibly();
      try {
        // What it has of memory and cores is the next one's.
        boolean unused = process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
