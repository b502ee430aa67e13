package convoy.bench;

import convoy.bench.StepCase.Phase;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Steps of networks on engines, on the same cores in one run: every contestant is a process that
 * waits until it is its turn; turns alternate, and the median of its turns counts, so that a
 * machine's bad minute hits all alike.
 */
public final class StepBench {
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final double WARM_UP_SECONDS = 2;

  /**
   * How long to measure.
   *
   * @param repetitions turns of each contestant
   * @param seconds of a turn; one takes two steps at least
   * @param replicas of one thread at the same time
   */
  public record Options(int repetitions, double seconds, int replicas) {}

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

  /** Rows of all cases in both phases. */
  public List<Row> run(List<StepCase> cases) {
    List<Row> rows = new ArrayList<>();
    try (Progress progress = Progress.of("bench", "cases", 2L * cases.size())) {
      for (StepCase one : cases) {
        for (Phase phase : Phase.values()) {
          rows.addAll(measure(one, phase));
          progress.moveTo(rows.stream().map(Row::key).distinct().count(), one.network());
        }
      }
    }
    return rows;
  }

  private List<Row> measure(StepCase one, Phase phase) {
    List<List<Worker>> groups = new ArrayList<>();
    try {
      for (Contestant contestant : contestants) {
        List<Worker> group = new ArrayList<>();
        groups.add(group);
        for (int p = 0; p < contestant.processes(); p++) {
          group.add(new Worker(contestant, one, phase));
        }
        group.forEach(Worker::awaitReady);
        var unused = turn(group, WARM_UP_SECONDS);
      }
      List<List<Double>> speeds = contestants.stream().map(c -> List.<Double>of()).toList();
      speeds = new ArrayList<>(speeds);
      for (int i = 0; i < options.repetitions(); i++) {
        for (int g = 0; g < groups.size(); g++) {
          List<Double> longer = new ArrayList<>(speeds.get(g));
          longer.add(turn(groups.get(g), options.seconds()));
          speeds.set(g, longer);
        }
      }
      return rows(one, phase, groups, speeds);
    } finally {
      groups.forEach(group -> group.forEach(Worker::close));
    }
  }

  private static double turn(List<Worker> group, double seconds) {
    group.forEach(worker -> worker.begin(seconds));
    return group.stream().mapToDouble(Worker::imagesPerSecond).sum();
  }

  /** Of several contestants of one engine (thread settings) the fastest counts. */
  private List<Row> rows(
      StepCase one, Phase phase, List<List<Worker>> groups, List<List<Double>> speeds) {
    Map<String, Row> best = new TreeMap<>();
    for (int g = 0; g < groups.size(); g++) {
      Contestant contestant = contestants.get(g);
      double median = speeds.get(g).stream().sorted().toList().get(options.repetitions() / 2);
      long memory = groups.get(g).stream().mapToLong(worker -> worker.mebibytes).sum();
      Row row =
          new Row(
              one.network(),
              one.size(),
              one.minibatch(),
              phase.name().toLowerCase(Locale.ROOT),
              contestant.engine(),
              contestant.precision().toLowerCase(Locale.ROOT),
              median,
              0,
              0,
              0,
              memory / contestant.processes() / contestant.replicas());
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
              "-Xmx2g",
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

    void awaitReady() {
      String unused = answer("ready");
    }

    void begin(double seconds) {
      to.println(seconds);
    }

    double imagesPerSecond() {
      String[] words = answer("result").split(" ");
      mebibytes = Long.parseLong(words[2]);
      return Double.parseDouble(words[1]);
    }

    /** The next line that begins so; libraries print others. */
    private String answer(String beginning) {
      ExecutorService reader = Executors.newSingleThreadExecutor();
      try {
        return reader
            .submit(
                () -> {
                  String line = from.readLine();
                  while (line != null && !line.startsWith(beginning)) {
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
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
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
      process.destroy();
    }
  }
}
