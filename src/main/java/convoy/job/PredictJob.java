package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.shards.DatasetManifest;
import convoy.evaluate.Combination;
import convoy.evaluate.Labeller;
import convoy.evaluate.Member;
import convoy.network.Backend;
import convoy.network.Engine;
import convoy.network.TrainedModel;
import convoy.registry.Registry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/** Labels pictures with what trained networks take them for. */
final class PredictJob implements Job<PredictJob.Config> {
  private static final String MODELS = "models.sha256";

  /** How answers are written. */
  enum Format {
    PARQUET,
    CSV
  }

  /**
   * Where pictures are; {@code conf/predict.yaml} explains each key.
   *
   * @param column of a table
   * @param nameColumn of a table
   * @param split of a data set
   */
  record Source(
      String path, Optional<String> column, Optional<String> nameColumn, Optional<String> split) {}

  /** {@code conf/predict.yaml} explains each key. */
  record Config(
      String model,
      List<String> ensembleWith,
      TrainedModel.Kind kind,
      Combination combination,
      String registry,
      Source source,
      int top,
      Format format,
      int partPictures,
      int minibatch,
      int deadlineMinutes,
      Backend network) {
    Config {
      new Checks()
          .atLeast(1, "top", top)
          .atLeast(1, "part-pictures", partPictures)
          .atLeast(1, "minibatch", minibatch)
          .atLeast(1, "deadline-minutes", deadlineMinutes)
          .done();
    }

    /** Model or run folders, all that are asked. */
    List<Registry.Meant> members() {
      Registry models = new Registry(Location.of(registry));
      return Stream.concat(Stream.of(model), ensembleWith.stream()).map(models::find).toList();
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public boolean resumes() {
    return true;
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    List<TrainedModel.Description> models = new ArrayList<>();
    List<Registry.Meant> members = new ArrayList<>();
    Checks.collect(problems, () -> members.addAll(config.members()));
    for (Registry.Meant member : members) {
      Checks.collect(
          problems,
          () -> {
            models.add(TrainedModel.describe(TrainedModel.find(member.path(), config.kind())));
            Engine.of(config.network().engine()).require(models.get(models.size() - 1).network());
          });
    }
    Location source = Location.of(config.source().path());
    if (!source.exists()) {
      problems.add(
          "Cannot read pictures from %s: it does not exist. Check source.path.".formatted(source));
    }
    if (problems.isEmpty()) {
      Checks.collect(problems, () -> requireSameClasses(config, models));
      Checks.collect(problems, () -> requireChannels(config, source, models.get(0)));
    }
    return problems;
  }

  private static void requireSameClasses(Config config, List<TrainedModel.Description> models) {
    for (int i = 1; i < models.size(); i++) {
      if (!models.get(i).labels().classNames().equals(models.get(0).labels().classNames())) {
        throw new UserException(
            "Cannot ask %s and %s together: they know other classes. Name models of the same data set."
                .formatted(config.members().get(0).path(), config.members().get(i).path()));
      }
    }
  }

  /** Elsewhere pictures become gray or colour as the model wants; a data set is one of them. */
  private static void requireChannels(
      Config config, Location source, TrainedModel.Description model) {
    if (source.child(DatasetManifest.FILE).exists()) {
      DatasetManifest manifest = DatasetManifest.read(source);
      config.source().split().ifPresent(manifest::split);
      if (manifest.channels() != model.transform().channels()) {
        throw new UserException(
            "Cannot label %s with %s: the data set has %d channels, the model takes %d. Partition the data with images.color for it."
                .formatted(
                    source, config.model(), manifest.channels(), model.transform().channels()));
      }
    }
  }

  @Override
  public List<String> problems(Config config, RunFolder run) {
    List<String> problems = new ArrayList<>();
    Checks.collect(
        problems,
        () ->
            run.requireNoOther(
                MODELS,
                () ->
                    digests(
                        config.members().stream()
                            .map(one -> TrainedModel.find(one.path(), config.kind()))
                            .map(TrainedModel::describe)
                            .toList()),
                "model"));
    return problems;
  }

  private static String digests(List<TrainedModel.Description> models) {
    return String.join("\n", models.stream().map(TrainedModel.Description::sha256).toList());
  }

  @Override
  public void run(Config config, Context context) {
    RunFolder run = Runs.open("predict", config, context);
    try (Lease lease = run.lease()) {
      lease.cleanUp();
      run(config, run, lease, context);
    }
  }

  private static void run(Config config, RunFolder run, Lease lease, Context context) {
    List<TrainedModel.Description> models = new ArrayList<>();
    List<String> folders = new ArrayList<>();
    List<Registry.Meant> meant = config.members();
    for (Registry.Meant member : meant) {
      Location folder = TrainedModel.find(member.path(), config.kind());
      folders.add(folder.uri());
      models.add(TrainedModel.describe(folder));
    }
    // A champion, or a run's best model, may be another one when a run is resumed.
    run.requireSame(MODELS, digests(models), "model");
    List<String> names = meant.stream().map(Registry.Meant::name).toList();
    List<Member> members = Member.all(names, folders, config.kind());
    List<String> classes = models.get(0).labels().classNames();
    Labeller labeller =
        new Labeller(
            members,
            config.combination(),
            classes,
            Math.min(config.top(), classes.size()),
            config.minibatch(),
            Duration.ofMinutes(config.deadlineMinutes()),
            config.network());
    try (JavaSparkContext spark = SparkContexts.open("predict")) {
      Labelling labelling = new Labelling(spark, labeller, run);
      long start = System.nanoTime();
      Labelling.Counts counts =
          Labelling.isTable(Location.of(config.source().path()))
              ? labelling.table(config.source())
              : labelling.pictures(config.source(), config.partPictures());
      double seconds = (System.nanoTime() - start) / 1e9;
      lease.requireHeld();
      labelling.write(config.format().name().toLowerCase(Locale.ROOT));
      context
          .out()
          .printf(
              Locale.ROOT,
              "Labelled %,d pictures, %,d could not be decoded%s; %.1f images/s%n",
              counts.labelled(),
              counts.rejected(),
              counts.rejected() > 0 ? " (" + run.file("rejected.tsv") + ")" : "",
              counts.now() / seconds);
      context.out().printf("Predictions %s%n", run.file("predictions"));
    }
  }
}
