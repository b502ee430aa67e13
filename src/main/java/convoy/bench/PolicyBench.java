package convoy.bench;

import convoy.core.Checks;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What ways to average cost and what they reach: the same recipe with other rounds, all on as many
 * examples.
 */
public final class PolicyBench {
  private static final String OWN = "training.momentum-between-rounds=keep-local";
  private static final Map<String, List<String>> POLICIES = policies();

  /**
   * What is trained.
   *
   * @param dataset that jobs/partition.sh made
   * @param recipe an overlay like those in conf/train
   * @param workers at the same time, of each comparison
   * @param seeds trainings of each
   * @param policies names of some; none is all
   * @param minibatchesPerRound of those that don't average every step
   */
  public record Options(
      String dataset,
      String recipe,
      List<Integer> workers,
      int seeds,
      int epochs,
      List<String> policies,
      int minibatchesPerRound) {
    public Options {
      new Checks()
          .that(!workers.isEmpty(), "workers", workers, "must name one")
          .that(workers.stream().allMatch(some -> some > 1), "workers", workers, "must be above 1")
          .atLeast(1, "seeds", seeds)
          .atLeast(1, "epochs", epochs)
          .that(
              POLICIES.keySet().containsAll(policies),
              "policies",
              policies,
              "must be some of " + POLICIES.keySet())
          .atLeast(2, "minibatches-per-round", minibatchesPerRound)
          .done();
    }
  }

  private final Options options;
  private final Location folder;

  /**
   * @param folder for the runs, which executors have to reach
   */
  public PolicyBench(Options options, Location folder) {
    this.options = options;
    this.folder = folder;
  }

  /** By name, what differs from averaging everything every so many steps. */
  private static Map<String, List<String>> policies() {
    Map<String, List<String>> policies = new LinkedHashMap<>();
    policies.put("one-worker", List.of("training.workers=1"));
    policies.put("every-step", List.of(OWN, "training.minibatches-per-round=1"));
    policies.put("average", List.of("training.momentum-between-rounds=average"));
    policies.put("reset", List.of("training.momentum-between-rounds=reset"));
    policies.put("keep-local", List.of(OWN));
    policies.put("bfloat16", List.of(OWN, "training.payload=bfloat16"));
    policies.put(
        "slow-mo", List.of(OWN, "training.outer-step={type: slow-mo, momentum: 0.5, rate: 1}"));
    policies.put(
        "nesterov", List.of(OWN, "training.outer-step={type: nesterov, momentum: 0.9, rate: 0.7}"));
    policies.put(
        "post-local", List.of(OWN, "training.rounds={type: post-local, synchronous-epochs: 1}"));
    policies.put("auto", List.of(OWN, "training.rounds={type: auto, overhead: 0.1}"));
    policies.put("moving-average", List.of(OWN, "training.moving-average=0.95"));
    policies.put("recalibrated", List.of(OWN, "training.recalibration-minibatches=20"));
    return policies;
  }

  private List<String> chosen() {
    return POLICIES.keySet().stream()
        .filter(name -> options.policies().isEmpty() || options.policies().contains(name))
        .toList();
  }

  /** What is wrong with the recipe or the data set. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (int workers : options.workers()) {
      for (String policy : chosen()) {
        Checks.collect(
            problems, () -> UserException.throwIfAny(config(policy, workers, 1).problems()));
      }
    }
    return problems.stream().distinct().toList();
  }

  private TrainingConfig config(String policy, int workers, int seed) {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "dataset=" + options.dataset(),
                "seed=" + seed,
                "training.workers=" + workers,
                "training.epochs=" + options.epochs(),
                "training.minibatches-per-round=" + options.minibatchesPerRound(),
                "training.checkpoints-kept=1",
                "training.checkpoint-minutes=0"));
    settings.addAll(POLICIES.get(policy));
    return TrainingConfig.of(List.of(Location.of(options.recipe())), settings);
  }

  /** Most workers at a time. */
  public int slots() {
    return options.workers().stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  /**
   * Rows of all policies; runs that are there already are not made again.
   *
   * @param afterRow is told all rows so far
   */
  public List<PolicyRow> run(
      JavaSparkContext spark, Provenance provenance, Consumer<List<PolicyRow>> afterRow) {
    List<PolicyRow> rows = new ArrayList<>();
    long done = 0;
    int cases = options.workers().size() * chosen().size();
    try (Progress progress = Progress.of("bench", "trainings", (long) cases * options.seeds())) {
      for (int workers : options.workers()) {
        for (String policy : chosen()) {
          // One worker is one worker, however many the others are.
          boolean isThere = policy.equals("one-worker") && workers != options.workers().get(0);
          if (!isThere) {
            rows.add(row(spark, policy, workers, provenance));
            afterRow.accept(List.copyOf(rows));
          }
          done += options.seeds();
          progress.moveTo(done, policy);
        }
      }
    }
    return rows;
  }

  private PolicyRow row(JavaSparkContext spark, String policy, int workers, Provenance provenance) {
    SummaryStatistics accuracy = new SummaryStatistics();
    SummaryStatistics seconds = new SummaryStatistics();
    double bytes = 0;
    double examples = 0;
    TrainingConfig config = config(policy, workers, 1);
    for (int seed = 1; seed <= options.seeds(); seed++) {
      List<TrainingHistory.Epoch> epochs =
          train(
              spark,
              config(policy, workers, seed),
              "%s-%d-%d".formatted(policy, workers, seed),
              provenance);
      accuracy.addValue(1 - epochs.get(epochs.size() - 1).validationTop1Error());
      seconds.addValue(epochs.stream().mapToDouble(TrainingHistory.Epoch::seconds).sum());
      bytes += epochs.stream().mapToDouble(TrainingHistory.Epoch::sentBytes).sum();
      examples += epochs.stream().mapToDouble(TrainingHistory.Epoch::images).sum();
    }
    return new PolicyRow(
        policy,
        config.network().architecture(),
        config.training().workers(),
        options.seeds(),
        accuracy.getMean(),
        options.seeds() > 1 ? accuracy.getStandardDeviation() : 0,
        bytes / examples,
        seconds.getMean());
  }

  private List<TrainingHistory.Epoch> train(
      JavaSparkContext spark, TrainingConfig config, String name, Provenance provenance) {
    RunFolder run = RunFolder.open(folder.child(name), "train", config, provenance);
    var unused = Training.run(spark, config, run, new Silent());
    return TrainingHistory.of(run);
  }

  /** Only the end counts. */
  private static final class Silent implements Training.Listener {
    @Override
    public void message(String text) {}

    @Override
    public void epoch(TrainingHistory.Epoch epoch) {}
  }
}
