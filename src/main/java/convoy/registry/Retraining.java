package convoy.registry;

import convoy.cluster.ClusterJob;
import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.pictures.PictureEncoder;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.shards.PartitionOptions;
import convoy.data.shards.PartitionOptions.SplitRule;
import convoy.data.shards.PartitionOptions.Splits;
import convoy.data.sources.LabelIndex;
import convoy.data.sources.SplitName;
import convoy.evaluate.Evaluation;
import convoy.evaluate.Member;
import convoy.evaluate.PairedComparison;
import convoy.evaluate.Predictor;
import convoy.evaluate.Selection;
import convoy.network.TrainedModel;
import convoy.registry.Registry.Drop;
import convoy.registry.Registry.Origin;
import convoy.report.ComparisonReport;
import convoy.report.TrainingAccounts;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * One retraining: what is new becomes a part of the data set, a challenger is trained from the
 * champion's weights, both are asked about the frozen test split, and the policy decides. Stopped
 * at any point and run again it comes to the same end; with the same inputs again it does nothing.
 */
public final class Retraining {
  private static final String MANIFEST_WAY = "../../";

  private final JavaSparkContext spark;
  private final RetrainingConfig config;
  private final Provenance provenance;
  private final Training.Listener listener;
  private final Registry registry;
  private final Location dataset;
  private final DatasetManifest base;

  /**
   * @param config without {@link RetrainingConfig#problems()}
   * @param listener is told what goes on
   */
  public Retraining(
      JavaSparkContext spark,
      RetrainingConfig config,
      Provenance provenance,
      Training.Listener listener) {
    this.spark = spark;
    this.config = config;
    this.provenance = provenance;
    this.listener = listener;
    registry = new Registry(Location.of(config.registry()));
    dataset = Location.of(config.dataset());
    base = DatasetManifest.read(dataset);
  }

  /**
   * What came of it.
   *
   * @param decision none where there was nothing to do
   * @param words one line
   */
  public record Outcome(Optional<Decision> decision, String words) {}

  /**
   * @throws UserException if another process is at work on the registry, or a drop cannot be used
   */
  public Outcome run() {
    try (Lease lease = Lease.take(registry.folder(), "registry")) {
      finishPromotion(lease);
      Optional<Integer> champion = registry.champion();
      if (champion.isEmpty() && !registry.versions().isEmpty()) {
        throw new UserException(
            "Cannot retrain in registry %s: it has versions %s but none is in use. Put one into use with jobs/registry.sh promote N."
                .formatted(registry.folder(), registry.versions()));
      }
      List<Drop> seen = champion.map(v -> registry.origin(v).drops()).orElse(List.of());
      List<Drops.Found> fresh = fresh(seen);
      if (champion.isPresent() && fresh.isEmpty()) {
        return nothing(
            "Nothing to do: the champion, version %d, has seen every drop of %s."
                .formatted(champion.get(), config.source().path()));
      }
      String inputs = inputs(champion, seen, fresh);
      for (Registry.Tried tried : registry.tried()) {
        if (tried.origin().inputs().equals(inputs)) {
          return nothing(
              "Nothing to do: version %d was made of the same inputs. %s"
                  .formatted(tried.version(), tried.words()));
        }
      }
      List<Drop> drops = new ArrayList<>(seen);
      LabelIndex labels = labels(champion);
      for (Drops.Found found : fresh) {
        DatasetPartitioner.Contents contents = contents(found);
        labels = labels(found, contents.classNames(), labels);
        drops.add(partition(found, contents.pictures(), labels));
      }
      Location joined = join(drops, inputs);
      return decide(new Work(champion, drops, inputs, joined), lease);
    }
  }

  /**
   * What a challenger is made of.
   *
   * @param inputs digest
   * @param joined data set
   */
  private record Work(
      Optional<Integer> champion, List<Drop> drops, String inputs, Location joined) {}

  private Location work() {
    return registry.folder().child("work");
  }

  private Outcome nothing(String words) {
    // Of a process that died after its decision.
    work().delete();
    return new Outcome(Optional.empty(), words);
  }

  /** A process may have died between a decision and what follows from it. */
  private void finishPromotion(Lease lease) {
    List<Integer> versions = registry.versions();
    if (!versions.isEmpty()) {
      int last = versions.get(versions.size() - 1);
      boolean reigned = registry.history().stream().anyMatch(reign -> reign.version() == last);
      Decision decision = registry.decision(last);
      // Another one that was put into use since then is what somebody wants.
      boolean stands = decision.champion().equals(registry.champion());
      if (decision.promoted() && !reigned && stands) {
        boolean unused = registry.promote(last, "decided before the process was stopped", lease);
        listener.message("Version %d was decided on before; it is in use now.%n".formatted(last));
      }
    }
  }

  /** Drops with pictures that have not been seen, checked. */
  private List<Drops.Found> fresh(List<Drop> seen) {
    List<Drop> known = new ArrayList<>(seen);
    if (config.source().newSince() == RetrainingConfig.Since.LAST) {
      registry.tried().forEach(tried -> known.addAll(tried.origin().drops()));
    }
    List<Drops.Found> fresh = new ArrayList<>();
    for (Drops.Found found : Drops.in(config.source())) {
      if (known.stream().anyMatch(drop -> drop.name().equals(found.name()))) {
        if (known.stream().noneMatch(found::is)) {
          throw new UserException(
              "Cannot use drop %s: it is not what it was when it was seen. Bring new pictures as a drop with a name of its own."
                  .formatted(found.name()));
        }
      } else if (found.empty()) {
        listener.message(
            "Drop %s has no pictures; it is left for later.%n".formatted(found.name()));
      } else {
        fresh.add(found);
      }
    }
    return fresh;
  }

  /** Digest of all that decides what a retraining comes to. */
  private String inputs(Optional<Integer> champion, List<Drop> seen, List<Drops.Found> fresh) {
    List<String> all = new ArrayList<>();
    all.add(champion.map(String::valueOf).orElse("none"));
    seen.forEach(drop -> all.add(drop.name() + " " + drop.fingerprint()));
    fresh.forEach(found -> all.add(found.name() + " " + found.fingerprint()));
    all.add(Digests.sha256(dataset.child(DatasetManifest.FILE).readBytes()));
    all.add(config.training(dataset, Optional.empty()).decisive());
    all.add(Documents.toJson(config.policy()));
    all.add(Documents.toJson(config.partition()));
    all.add(config.newClasses().name());
    return Digests.sha256(String.join("\n", all)).substring(0, 16);
  }

  /**
   * A drop becomes a part of the data set, once for each way of making it.
   *
   * @param labels that were known before it, and its own after them
   */
  private Drop partition(Drops.Found found, long pictures, LabelIndex labels) {
    String how =
        "%s %s %s"
            .formatted(
                labels.classNames(),
                config.source().layout(),
                Documents.toJsonLine(config.partition()));
    String digest = Digests.sha256(how).substring(0, 8);
    String part = "parts/%s-%s-%s".formatted(found.name(), found.fingerprint(), digest);
    if (!dataset.child(part).child(DatasetManifest.FILE).exists()) {
      listener.message("Drop %s: %,d pictures.%n".formatted(found.name(), pictures));
      var unused =
          partitioner().partitionPart(found.source(), labels, dataset.child(part), provenance);
    }
    return new Drop(found.name(), found.fingerprint(), part);
  }

  private DatasetPartitioner partitioner() {
    RetrainingConfig.Partition options = config.partition();
    return new DatasetPartitioner(
        spark,
        new PartitionOptions(
            new Splits(SplitRule.HASH, options.validation(), 0, Optional.empty()),
            options.images(base),
            options.shardExamples(),
            options.rejectedImagesAllowed(),
            0),
        line -> {});
  }

  /** What a drop has. */
  private DatasetPartitioner.Contents contents(Drops.Found found) {
    try {
      return partitioner().contents(found.source());
    } catch (UserException e) {
      throw new UserException(
          "%s The drop can be set aside, or named in source.skip.".formatted(e.getMessage()), e);
    }
  }

  /** The champion's classes, or the data set's. */
  private LabelIndex labels(Optional<Integer> champion) {
    return champion
        .map(version -> TrainedModel.describe(registry.version(version).child("model")).labels())
        .orElse(base.labels());
  }

  /** What is known, and a drop's new classes after it, where these are allowed. */
  private LabelIndex labels(Drops.Found found, List<String> classNames, LabelIndex known) {
    List<String> unknown =
        classNames.stream()
            .filter(name -> !known.classNames().contains(name))
            .distinct()
            .sorted()
            .toList();
    if (!unknown.isEmpty() && config.newClasses() == RetrainingConfig.NewClasses.REFUSE) {
      throw new UserException(
          "Cannot use drop %s: it has classes that the champion does not know, %s. Name it in source.skip, or set new-classes=widen."
              .formatted(found.name(), unknown));
    }
    return known.with(unknown, found.source().humanNames());
  }

  /** A manifest that joins all parts; no shard is written again. */
  private Location join(List<Drop> drops, String inputs) {
    Map<String, DatasetManifest> parts = new LinkedHashMap<>();
    drops.forEach(drop -> parts.put(drop.part(), DatasetManifest.read(dataset.child(drop.part()))));
    Location joined = dataset.child("joined").child(inputs);
    if (!joined.child(DatasetManifest.FILE).exists()) {
      joined
          .child(DatasetManifest.FILE)
          .writeText(Documents.toJson(base.with(parts, MANIFEST_WAY, provenance)));
    }
    return joined;
  }

  private Outcome decide(Work work, Lease lease) {
    Location place = work().child(work.inputs());
    Optional<Location> champion =
        work.champion().map(version -> registry.version(version).child("model"));
    TrainingConfig training = config.training(work.joined(), champion);
    UserException.throwIfAny(training.problems());
    RunFolder run = RunFolder.open(place.child("train"), "train", training, provenance);
    TrainingAccounts accounts = TrainingAccounts.of(training, run);
    try {
      var unusedResult = Training.run(spark, training, run, accounts.after(listener));
    } finally {
      accounts.write();
    }
    TrainedModel challenger = TrainedModel.read(run.file("models").child("best"));
    DatasetManifest manifest = DatasetManifest.read(work.joined());
    List<Member> members = new ArrayList<>();
    List<Evaluation.Origin> origins = new ArrayList<>();
    champion.ifPresent(
        model -> {
          members.add(Member.of("champion", TrainedModel.read(model)));
          origins.add(new Evaluation.Origin(model.uri(), List.of(), 0));
        });
    members.add(Member.of("challenger", challenger));
    // Where its model will be.
    origins.add(TrainingHistory.origin(run).at(registry.version(registry.next()).child("model")));
    Location predictions = place.child("predictions");
    Evaluation evaluation = evaluate(members, origins, manifest, work, training, predictions);
    Optional<PairedComparison> comparison =
        champion.map(
            model ->
                PairedComparison.of(
                    predictions,
                    "champion",
                    "challenger",
                    manifest.labels().humanNames(),
                    members.size()));
    lease.requireHeld();
    Decision decision = decision(work, evaluation, comparison, manifest);
    Origin origin =
        new Origin(
            work.inputs(),
            work.champion(),
            work.joined().uri(),
            work.drops(),
            config.recipe(),
            config.settings(),
            provenance);
    registry.add(
        challenger,
        origin,
        decision,
        () -> {
          Location version = registry.version(decision.version());
          accounts.keepIn(version);
          report(version, decision, evaluation, manifest, work);
        },
        lease);
    if (decision.promoted()) {
      boolean unusedChange = registry.promote(decision.version(), decision.words(), lease);
    }
    place.delete();
    return new Outcome(Optional.of(decision), decision.words());
  }

  private Evaluation evaluate(
      List<Member> members,
      List<Evaluation.Origin> origins,
      DatasetManifest manifest,
      Work work,
      TrainingConfig training,
      Location predictions) {
    predictions.delete();
    Predictor.Question question = Predictor.Question.of(members, List.of(predictions));
    Predictor predictor =
        new Predictor(
            spark,
            new Predictor.Options(
                config.evaluation().tasks(),
                config.evaluation().minibatch(),
                Duration.ofMinutes(config.evaluation().deadlineMinutes()),
                training.network().backend()));
    Broadcast<PictureShelf> pictures =
        spark.broadcast(
            new PictureShelf(
                work.joined(), manifest, PictureShelf.Room.ofMebibytes(training.cacheMebibytes())));
    try {
      return Evaluation.of(
          work.joined().uri(),
          SplitName.TEST,
          manifest.labels(),
          question,
          predictor.ask(pictures, SplitName.TEST, question, done -> {}),
          origins,
          Selection.byTraining(members, SplitName.TEST),
          List.of(),
          Optional.empty(),
          provenance);
    } finally {
      ClusterJob.free(pictures);
    }
  }

  private Decision decision(
      Work work,
      Evaluation evaluation,
      Optional<PairedComparison> comparison,
      DatasetManifest manifest) {
    List<PromotionPolicy.Bound> bounds = comparison.map(config.policy()::bounds).orElse(List.of());
    List<String> known =
        (work.champion().isPresent() ? labels(work.champion()) : manifest.labels()).classNames();
    List<Evaluation.Score> scores = evaluation.members();
    return new Decision(
        registry.next(),
        work.champion(),
        bounds.stream().allMatch(PromotionPolicy.Bound::holds),
        scores.get(scores.size() - 1).top1Error(),
        config.policy(),
        bounds,
        comparison,
        manifest.labels().classNames().stream().filter(name -> !known.contains(name)).toList(),
        Provenance.now());
  }

  /** The evaluation and a page about the decision, with the pictures that changed sides. */
  private void report(
      Location version,
      Decision decision,
      Evaluation evaluation,
      DatasetManifest manifest,
      Work work) {
    version.child("evaluation.json").writeText(Documents.toJson(evaluation));
    try (PictureShelf shelf =
        new PictureShelf(work.joined(), manifest, PictureShelf.Room.ofMebibytes(0))) {
      PictureStore store = shelf.store(SplitName.TEST);
      decision
          .comparison()
          .ifPresent(
              comparison ->
                  Stream.concat(comparison.lost().stream(), comparison.won().stream())
                      .forEach(
                          change ->
                              version
                                  .child(change.picture())
                                  .writeBytes(
                                      PictureEncoder.png(store.picture(change.example())))));
    }
    ComparisonReport.write(
        version,
        new ComparisonReport.Verdict(
            decision.promoted(),
            decision.words(),
            decision.bounds().stream()
                .map(b -> List.of(b.what(), b.value(), b.bound(), b.holds() ? "holds" : "broken"))
                .toList(),
            decision.newClasses(),
            work.drops().stream().map(Drop::name).toList()),
        evaluation,
        decision.comparison());
  }
}
