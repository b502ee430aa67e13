package convoy.job;

import convoy.bench.DataBench;
import convoy.bench.DataRow;
import convoy.bench.PolicyBench;
import convoy.bench.PolicyRow;
import convoy.bench.RoundBench;
import convoy.bench.RoundCase;
import convoy.bench.RoundModel;
import convoy.bench.RoundRow;
import convoy.bench.Row;
import convoy.bench.StepBench;
import convoy.bench.StepBench.Contestant;
import convoy.bench.StepCase;
import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Processor;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.report.BenchReport;
import convoy.train.MemoryPlan;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.launcher.JavaModuleOptions;

/** Measures Convoy against others; every contestant is a process of its own. */
final class BenchJob implements Job<BenchJob.Config> {
  /** Class paths that jobs/submit.sh adds; a contestant whose one is missing is left out. */
  private static final String DL4J = "convoy.bench.dl4j";

  private static final String DJL = "convoy.bench.djl";

  private static final String DL4J_SPARK = "convoy.bench.dl4j-spark";

  /** What is measured. */
  enum Suite {
    STEPS,
    ROUNDS,
    POLICIES,
    DATA
  }

  /** {@code conf/bench.yaml} explains each key. */
  record Config(
      Suite suite,
      List<String> networks,
      int repetitions,
      double secondsPerTurn,
      Optional<Integer> replicas,
      List<String> masters,
      int rounds,
      Optional<PolicyBench.Options> policies,
      int pictures,
      List<Integer> tinyPictures) {
    Config {
      new Checks()
          .atLeast(1, "repetitions", repetitions)
          .within(0.1, 3600, "seconds-per-turn", secondsPerTurn)
          .atLeast(1, "replicas", replicas.orElse(1))
          .that(!masters.isEmpty(), "masters", masters, "must name one")
          .atLeast(1, "rounds", rounds)
          .atLeast(0, "pictures", pictures)
          .that(
              tinyPictures.stream().allMatch(n -> n >= 1),
              "tiny-pictures",
              tinyPictures,
              "must be at least 1 each")
          .that(
              suite != Suite.POLICIES || policies.isPresent(),
              "policies",
              "none",
              "must be a block of keys; conf/bench.yaml shows one")
          .done();
    }
  }

  /** {@code bench.json}. */
  private record Results(Provenance provenance, List<String> processor, List<?> rows) {}

  /** {@code predictions.json}, of rounds. */
  private record Predicted(RoundModel model, List<RoundModel.Prediction> predictions) {}

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    switch (config.suite()) {
      case STEPS -> Checks.collect(problems, () -> StepCase.of(config.networks()));
      case ROUNDS -> Checks.collect(problems, () -> rounds(config));
      case POLICIES -> problems.addAll(policies(config, Location.of(".")).problems());
      case DATA -> {}
    }
    return problems;
  }

  private static PolicyBench policies(Config config, Location runs) {
    return new PolicyBench(config.policies().orElseThrow(), runs);
  }

  private static List<RoundCase> rounds(Config config) {
    return RoundCase.of(config.networks(), config.masters(), config.rounds());
  }

  @Override
  public void run(Config config, Context context) {
    RunFolder run = Runs.open("bench", config, context);
    String text =
        switch (config.suite()) {
          case STEPS -> steps(config, run, context.provenance());
          case ROUNDS -> rounds(config, run, context.provenance());
          case POLICIES -> policies(config, run, context.provenance());
          case DATA -> data(config, run, context.provenance());
        };
    context.out().print(text);
    context.out().printf("Run %s%n", run.location());
  }

  private static String steps(Config config, RunFolder run, Provenance provenance) {
    int replicas = config.replicas().orElseGet(() -> Runtime.getRuntime().availableProcessors());
    List<Row> rows =
        new StepBench(
                new StepBench.Options(
                    config.repetitions(), config.secondsPerTurn(), MemoryPlan.machineBytes()),
                contestants(replicas),
                folder())
            .run(StepCase.of(config.networks()), some -> save(run, some, provenance));
    BenchReport.charts(rows).forEach((name, png) -> run.file(name).writeBytes(png));
    return BenchReport.text(rows);
  }

  private static String rounds(Config config, RunFolder run, Provenance provenance) {
    Map<String, String> classPaths = new HashMap<>();
    classPaths.put("convoy", System.getProperty("java.class.path"));
    Optional.ofNullable(System.getProperty(DL4J_SPARK))
        .ifPresent(path -> classPaths.put("dl4j-spark", path));
    List<RoundRow> rows =
        new RoundBench(classPaths, flags(), folder())
            .run(rounds(config), some -> save(run, some, provenance));
    Optional<RoundModel> model = RoundModel.fit(rows);
    model.ifPresent(
        fitted -> {
          List<RoundModel.Prediction> predictions = fitted.predictions();
          run.file("predictions.json")
              .writeText(Documents.toJson(new Predicted(fitted, predictions)));
          run.file("predictions.png").writeBytes(BenchReport.predictionChart(predictions));
        });
    return BenchReport.roundsText(rows)
        + model.map(fitted -> BenchReport.predictionText(fitted.predictions())).orElse("");
  }

  private static String policies(Config config, RunFolder run, Provenance provenance) {
    PolicyBench bench = policies(config, run.file("runs"));
    try (JavaSparkContext spark = SparkContexts.local("bench", bench.slots())) {
      List<PolicyRow> rows = bench.run(spark, provenance, some -> save(run, some, provenance));
      if (rows.stream().anyMatch(row -> row.bytesPerExample() > 0)) {
        run.file("policies.png").writeBytes(BenchReport.policiesChart(rows));
      }
      return BenchReport.policiesText(rows);
    }
  }

  private static String data(Config config, RunFolder run, Provenance provenance) {
    List<DataRow> rows =
        new DataBench(flags(), folder())
            .run(config.pictures(), config.tinyPictures(), some -> save(run, some, provenance));
    return BenchReport.dataText(rows);
  }

  /** That Spark needs of a JVM. */
  private static List<String> flags() {
    return List.of(JavaModuleOptions.defaultModuleOptions().strip().split(" +"));
  }

  /** After every case: a long run that ends early has what it measured. */
  private static void save(RunFolder run, List<?> rows, Provenance provenance) {
    run.file("bench.json")
        .writeText(Documents.toJson(new Results(provenance, Processor.features(), rows)));
  }

  private static List<Contestant> contestants(int replicas) {
    String own = System.getProperty("java.class.path");
    List<Contestant> contestants = new ArrayList<>();
    contestants.add(new Contestant("torch", "FLOAT32", 1, replicas, 1, own));
    if (Processor.hasBfloat16()) {
      contestants.add(new Contestant("torch", "BFLOAT16", 1, replicas, 1, own));
    }
    contestants.add(new Contestant("kernels", "FLOAT32", 1, replicas, 1, own));
    Optional.ofNullable(System.getProperty(DL4J))
        .ifPresent(
            path ->
                contestants.add(
                    new Contestant(
                        "dl4j", "FLOAT32", 1, replicas, 1, own + File.pathSeparator + path)));
    Optional.ofNullable(System.getProperty(DJL))
        .ifPresent(
            path -> {
              // One of its networks trains in a process at a time: several processes, or threads.
              contestants.add(new Contestant("djl", "FLOAT32", replicas, 1, 1, path));
              contestants.add(new Contestant("djl", "FLOAT32", 1, 1, replicas, path));
            });
    return contestants;
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory("convoy-bench");
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a folder for the contestants", e);
    }
  }
}
