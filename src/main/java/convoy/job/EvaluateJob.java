package convoy.job;

import convoy.cluster.ClusterJob;
import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Otherwise;
import convoy.core.Progress;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.pictures.ImageTransform;
import convoy.data.pictures.PictureEncoder;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.DatasetManifest;
import convoy.data.sources.SplitName;
import convoy.evaluate.Combination;
import convoy.evaluate.Ensemble;
import convoy.evaluate.Evaluation;
import convoy.evaluate.Member;
import convoy.evaluate.Predictor;
import convoy.evaluate.Rescoring;
import convoy.evaluate.Selection;
import convoy.evaluate.Tally;
import convoy.network.Backend;
import convoy.network.Engine;
import convoy.network.TrainedModel;
import convoy.registry.Registry;
import convoy.report.EvaluationReport;
import convoy.train.TrainingHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Measures trained networks, alone and together, on a split. */
final class EvaluateJob implements Job<EvaluateJob.Config> {

  /** {@code conf/evaluate.yaml} explains each key. */
  record Config(
      String dataset,
      String split,
      Optional<String> selectionSplit,
      List<String> members,
      TrainedModel.Kind model,
      String registry,
      List<Combination> combinations,
      ImageTransform.Views views,
      @Otherwise("[1.0]") List<Double> scales,
      int tasks,
      int minibatch,
      int cacheMebibytes,
      int deadlineMinutes,
      Backend network) {
    Config {
      new Checks()
          .that(
              !members.isEmpty(), "members", members, "must name at least one run or model folder")
          .that(
              !selectionSplit.map(SplitName::spelled).equals(Optional.of(SplitName.spelled(split))),
              "selection-split",
              selectionSplit.orElse(""),
              "must not be the split that is reported")
          .that(!scales.isEmpty(), "scales", scales, "must have one at least")
          .that(
              scales.stream().allMatch(scale -> scale >= 0.1 && scale <= 2),
              "scales",
              scales,
              "must be 0.1 to 2")
          .atLeast(1, "tasks", tasks)
          .atLeast(1, "minibatch", minibatch)
          .atLeast(0, "cache-mebibytes", cacheMebibytes)
          .atLeast(1, "deadline-minutes", deadlineMinutes)
          .done();
    }

    String splitName() {
      return SplitName.spelled(split);
    }

    Optional<String> selectionName() {
      return selectionSplit.map(SplitName::spelled);
    }

    Registry models() {
      return new Registry(Location.of(registry));
    }

    Location model(String member) {
      return TrainedModel.find(models().resolve(member), model);
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

  /** Of the same answers other ensembles are made. */
  @Override
  public List<String> choicesWhenResumed() {
    return List.of("combinations", "selection-split");
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    try {
      DatasetManifest manifest = DatasetManifest.read(Location.of(config.dataset()));
      Checks.collect(problems, () -> manifest.split(config.splitName()));
      config.selectionName().ifPresent(by -> Checks.collect(problems, () -> manifest.split(by)));
      for (String path : config.members()) {
        Checks.collect(
            problems,
            () -> {
              TrainedModel.Description model = TrainedModel.describe(config.model(path));
              Checks.collect(problems, () -> requireFit(path, model, manifest));
              Engine.of(config.network().engine()).require(model.network());
            });
      }
    } catch (UserException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  private static void requireFit(
      String path, TrainedModel.Description description, DatasetManifest manifest) {
    List<String> trained = description.labels().classNames();
    List<String> here = manifest.labels().classNames();
    if (trained.size() != here.size()) {
      throw new UserException(
          "Cannot evaluate %s: it knows %d classes, the data set has %d. Use the data set it was trained on."
              .formatted(path, trained.size(), here.size()));
    }
    if (!trained.equals(here)) {
      throw new UserException(
          "Cannot evaluate %s: its classes are others than the data set's. Use the data set it was trained on."
              .formatted(path));
    }
    if (description.transform().channels() != manifest.channels()) {
      throw new UserException(
          "Cannot evaluate %s: it takes %d channels, the data set has %d. Partition the data with images.color for it."
              .formatted(path, description.transform().channels(), manifest.channels()));
    }
  }

  @Override
  public void run(Config config, Context context) {
    Location dataset = Location.of(config.dataset());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    RunFolder run = Runs.open("evaluate", config, choicesWhenResumed(), context);
    // Once: a champion may be another one a moment later.
    List<Registry.Meant> meant = config.members().stream().map(config.models()::find).toList();
    List<String> paths = meant.stream().map(Registry.Meant::path).toList();
    List<Member> members =
        Member.all(meant.stream().map(Registry.Meant::name).toList(), paths, config.model());
    try (Lease lease = run.lease()) {
      lease.cleanUp();
      Evaluation evaluation;
      try (JavaSparkContext spark = SparkContexts.open("evaluate")) {
        evaluation =
            new Asking(config, spark, manifest, members, identity(config, members), run)
                .evaluation(paths, context);
      }
      lease.requireHeld();
      savePictures(run, config, dataset, manifest, evaluation);
      EvaluationReport.write(run.location(), evaluation);
      print(evaluation, run, context);
    }
  }

  /** What answers depend on, beside the split: of the members as they were read. */
  private static String identity(Config config, List<Member> members) {
    List<String> parts = new ArrayList<>();
    parts.add(Provenance.version());
    parts.add(
        Digests.sha256(Location.of(config.dataset()).child(DatasetManifest.FILE).readBytes()));
    for (Member member : members) {
      parts.add(
          member.name()
              + Digests.sha256(member.parameters().read())
              + Documents.toJsonLine(member.network())
              + Documents.toJsonLine(member.transform()));
    }
    parts.add(
        Documents.toJsonLine(config.network())
            + Documents.toJsonLine(new ImageTransform.Viewing(config.views(), config.scales()))
            + config.tasks());
    return Digests.sha256(String.join("\n", parts));
  }

  /**
   * Members and what they are asked.
   *
   * @param identity of what answers depend on
   */
  private record Asking(
      Config config,
      JavaSparkContext spark,
      DatasetManifest manifest,
      List<Member> members,
      String identity,
      RunFolder run) {

    Evaluation evaluation(List<String> paths, Context context) {
      List<Ensemble> ensembles = new ArrayList<>();
      if (members.size() > 1) {
        config.combinations().forEach(how -> ensembles.add(Ensemble.of(how, members)));
      }
      Selection selection =
          config
              .selectionName()
              .map(by -> selection(by, ensembles))
              .orElseGet(() -> Selection.byTraining(members, config.splitName()));
      Predictor.Question question = question(ensembles, run.location());
      List<Tally> tallies = ask(config.splitName(), question);
      System.err.println("evaluate: now ensembles of all sizes, intervals and pictures");
      return Evaluation.of(
          config.dataset(),
          config.splitName(),
          manifest.labels(),
          question,
          tallies,
          paths.stream()
              .map(path -> TrainingHistory.origin(new RunFolder(Location.of(path))))
              .toList(),
          selection,
          members.size() > 1 ? scores(question).bySize() : List.of(),
          selection.calibrated(scores(question), ensembles),
          context.provenance());
    }

    /** Adds the ensemble that is fitted on the split, and chooses among all. */
    private Selection selection(String by, List<Ensemble> ensembles) {
      Predictor.Question question = question(List.of(), run.file("selection"));
      var unused = ask(by, question);
      Rescoring scores = scores(question);
      if (members.size() > 1) {
        ensembles.add(Selection.greedy(scores));
      }
      return Selection.bySplit(by, scores, ensembles);
    }

    private Predictor.Question question(List<Ensemble> ensembles, Location folder) {
      return new Predictor.Question(
          members,
          ensembles,
          new ImageTransform.Viewing(config.views(), config.scales()),
          List.of(folder.child("predictions")),
          List.of(folder.child("scores")));
    }

    private Rescoring scores(Predictor.Question question) {
      return new Rescoring(
          spark,
          question.scores().get(0),
          members.stream().map(Member::name).toList(),
          manifest.labels().size(),
          Duration.ofMinutes(config.deadlineMinutes()));
    }

    /** Answers of a run that was stopped, or that is asked for other ensembles, are kept. */
    private void keepIfSame(Location scores, String splitName) {
      Location of = scores.parent().child("scores.of");
      String now = splitName + " " + identity;
      if (!of.exists() || !of.readText().equals(now)) {
        scores.delete();
        of.writeText(now);
      }
    }

    private List<Tally> ask(String splitName, Predictor.Question question) {
      DatasetManifest.Split split = manifest.split(splitName);
      Predictor predictor =
          new Predictor(
              spark,
              new Predictor.Options(
                  config.tasks(),
                  config.minibatch(),
                  Duration.ofMinutes(config.deadlineMinutes()),
                  config.network()));
      question.files().forEach(Location::delete);
      question.scores().forEach(scores -> keepIfSame(scores, splitName));
      Broadcast<PictureShelf> pictures =
          spark.broadcast(
              new PictureShelf(
                  Location.of(config.dataset()),
                  manifest,
                  PictureShelf.Room.ofMebibytes(config.cacheMebibytes())));
      String name = splitName.equals(config.splitName()) ? "evaluate" : splitName;
      try (Progress progress = Progress.of(name, "images", split.examples())) {
        List<Tally> tallies =
            predictor.ask(pictures, splitName, question, done -> progress.moveTo(done, ""));
        progress.moveTo(split.examples(), "");
        return tallies;
      } finally {
        ClusterJob.free(pictures);
      }
    }
  }

  private static void savePictures(
      RunFolder run,
      Config config,
      Location dataset,
      DatasetManifest manifest,
      Evaluation evaluation) {
    try (PictureShelf shelf =
        new PictureShelf(dataset, manifest, PictureShelf.Room.ofMebibytes(0))) {
      PictureStore store = shelf.store(config.splitName());
      for (int example : evaluation.shown()) {
        run.file(Evaluation.picturePath(example))
            .writeBytes(PictureEncoder.png(store.picture(example)));
      }
    }
  }

  private static void print(Evaluation evaluation, RunFolder run, Context context) {
    context.out().printf("%,d examples of split %s%n", evaluation.examples(), evaluation.split());
    int width = evaluation.all().stream().mapToInt(score -> score.name().length()).max().orElse(0);
    for (Evaluation.Score score : evaluation.all()) {
      context
          .out()
          .printf(
              Locale.ROOT,
              "  %-" + width + "s  top-1 error %6.2f %% (%.2f to %.2f)%s  loss %.4f%n",
              score.name(),
              100 * score.top1Error(),
              100 * score.top1Interval().get(0),
              100 * score.top1Interval().get(1),
              score
                  .top5Error()
                  .map(error -> String.format(Locale.ROOT, "  top-5 error %6.2f %%", 100 * error))
                  .orElse(""),
              score.loss());
    }
    Selection selection = evaluation.selectedBy();
    context
        .out()
        .printf(
            "Selected %s: %s, on %s%n", selection.winner(), selection.rule(), selection.split());
    context.out().printf("Report %s%n", run.file("report.html"));
  }
}
