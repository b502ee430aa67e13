package convoy.train;

import convoy.core.Checks;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Otherwise;
import convoy.core.UserException;
import convoy.data.pictures.Augmentation;
import convoy.data.pictures.Augmenter;
import convoy.data.pictures.Colors;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.data.sources.SplitName;
import convoy.network.Architectures;
import convoy.network.Backend;
import convoy.network.Engine;
import convoy.network.LayerRates;
import convoy.network.NetworkSpec;
import convoy.network.StartingWeights;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import convoy.rounds.EpochWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is trained on what and how; {@code conf/train.yaml} explains each key. */
public record TrainingConfig(
    String dataset,
    String validationSplit,
    long seed,
    NetworkConfig network,
    double cropFraction,
    Augmentation augmentation,
    TrainingOptions training,
    int cacheMebibytes,
    boolean cacheEncoded,
    int shardCacheMebibytes,
    @Otherwise("false") boolean tensorboard,
    Optional<String> mlflow,
    @Otherwise("convoy") String mlflowExperiment) {

  /**
   * Last parts of keys that a run may go on with other values of: a state is the same whatever
   * computed it and whoever is told of it, and more may be trained.
   */
  public static final List<String> CHOICES_WHEN_RESUMED =
      List.of(
          "engine",
          "device",
          "further-epochs",
          "further-learning-rate",
          "tensorboard",
          "mlflow",
          "mlflow-experiment");

  public TrainingConfig {
    new Checks()
        .within(0.1, 1, "crop-fraction", cropFraction)
        .atLeast(0, "cache-mebibytes", cacheMebibytes)
        .atLeast(0, "shard-cache-mebibytes", shardCacheMebibytes)
        .that(
            mlflow.map(server -> server.matches("https?://.+")).orElse(true),
            "mlflow",
            mlflow.orElse(""),
            "must be a server's address, http://host:5000, or none")
        .that(
            training.averaging() == TrainingOptions.Averaging.CONVOY
                || network.engine() == Backend.EngineName.DL4J,
            "training.averaging",
            "dl4j-spark",
            "needs network.engine dl4j")
        .done();
  }

  /**
   * The reference configuration with overlays and single settings laid over it.
   *
   * @param overlays files like those in {@code conf/train}
   * @param settings each {@code key.path=value}
   */
  public static TrainingConfig of(List<Location> overlays, List<String> settings) {
    return Documents.reference("train")
        .withFiles(overlays)
        .with(settings)
        .bind("train", TrainingConfig.class);
  }

  /**
   * The network and what computes it.
   *
   * @param classes checked against the data set where given
   * @param weights run, model folder or file to begin with
   * @param residualIdentities whether residual blocks begin as identities; of random weights
   */
  public record NetworkConfig(
      String architecture,
      List<LayerSpec> layers,
      ResNet.Stem stem,
      List<Integer> input,
      Optional<Integer> classes,
      double dropout,
      Optional<String> weights,
      boolean residualIdentities,
      Backend.EngineName engine,
      Backend.DeviceKind device,
      Backend.Precision precision) {
    public NetworkConfig {
      // The number of classes is the data set's; everything else is checked here and now.
      var unused =
          new NetworkSpec(
              architecture,
              layers,
              stem,
              input,
              classes.orElse(2),
              dropout,
              0,
              NetworkSpec.Phase.TRAINING);
    }

    /** The network in its training form. */
    public NetworkSpec spec(int dataClasses, long seed) {
      return new NetworkSpec(
          architecture,
          layers,
          stem,
          input,
          dataClasses,
          dropout,
          seed,
          NetworkSpec.Phase.TRAINING);
    }

    /** What computes. */
    public Backend backend() {
      return new Backend(engine, device, precision);
    }
  }

  /**
   * What decides about the model, as text: without who is told of it, and without keys that came
   * later where they mean what was so before.
   */
  public String decisive() {
    Set<String> told = Set.of("tensorboard", "mlflow", "mlflow-experiment");
    Map<String, String> before =
        Map.of(
            "training.optimizer",
            "sgd",
            "training.second-momentum",
            "0.999",
            "training.averaging",
            "convoy",
            "augmentation.rotation",
            "0.0");
    return Documents.toJsonWithout(
        this, (key, value) -> told.contains(key) || value.equals(before.get(key)));
  }

  /** All that is wrong with the data set or the weights for this configuration. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    try {
      DatasetManifest manifest = DatasetManifest.read(Location.of(dataset));
      Checks.collect(problems, () -> manifest.split(SplitName.spelled(validationSplit)));
      Checks.collect(problems, () -> manifest.labels().requireSize(network.classes(), "a network"));
      Checks.collect(problems, () -> requireChannels(manifest));
      Engine engine = Engine.of(network.engine());
      Checks.collect(
          problems,
          () -> {
            engine.require(spec(manifest));
            engine.require(rates(manifest));
          });
      Checks.collect(problems, () -> weights(manifest));
      Checks.collect(problems, () -> requireMeasuring(engine));
      Checks.collect(problems, () -> requireWeighing(engine));
      int examples = manifest.split(SplitName.TRAIN).examples();
      Checks.collect(problems, () -> training.requireEnough(examples));
    } catch (UserException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  private void requireMeasuring(Engine engine) {
    if (training.recalibrationMinibatches() > 0 && !engine.measures()) {
      throw new UserException(
          "Cannot measure batch normalization's statistics on engine dl4j. Set training.recalibration-minibatches=0, or network.engine=torch.");
    }
  }

  private void requireWeighing(Engine engine) {
    if (training.classWeights() != TrainingOptions.ClassWeights.UNIFORM
        && !engine.weighsClasses()) {
      throw new UserException(
          "Cannot weigh classes on engine dl4j. Set training.class-weights=uniform, or network.engine=torch.");
    }
  }

  private void requireChannels(DatasetManifest manifest) {
    int wanted = network.input().get(0);
    if (wanted != manifest.channels()) {
      throw new UserException(
          "Cannot train a network of %d channels on data of %d. Set network.input=[%d, height, width]."
              .formatted(wanted, manifest.channels(), manifest.channels()));
    }
  }

  /** The network for a data set's classes. */
  NetworkSpec spec(DatasetManifest manifest) {
    return network.spec(manifest.labels().size(), seed);
  }

  private LayerRates rates(DatasetManifest manifest) {
    return LayerRates.of(
        Architectures.blueprint(spec(manifest)),
        training.trainedLayers(),
        training.otherLayersRate());
  }

  private Optional<StartingWeights> weights(DatasetManifest manifest) {
    return network
        .weights()
        .map(path -> StartingWeights.read(path, spec(manifest), manifest.labels()));
  }

  /**
   * What becomes of the data set's pictures in an epoch.
   *
   * @param epoch from 0
   */
  public MinibatchReader.Inputs inputs(DatasetManifest manifest, int epoch) {
    return EpochWork.inputs(augmenter(manifest), seed, epoch);
  }

  private Augmenter augmenter(DatasetManifest manifest) {
    List<Integer> input = network.input();
    return new Augmenter(
        new ImageTransform(
            input.get(1),
            input.get(2),
            cropFraction,
            manifest.mean(),
            manifest.standardDeviation()),
        augmentation,
        Colors.lighting(manifest.covariance()));
  }

  /**
   * Refuses what a start in this JVM would refuse for its memory; without other problems.
   *
   * @param slots of this machine
   */
  public void requireRoomOnThisMachine(int slots) {
    subject().memoryPlan(training, slots).requireRoomOnThisMachine();
  }

  /** The subject of a trainer. */
  TrainingSubject subject() {
    Location folder = Location.of(dataset);
    DatasetManifest manifest = DatasetManifest.read(folder);
    NetworkSpec spec = spec(manifest);
    return new TrainingSubject(
        folder,
        manifest,
        SplitName.spelled(validationSplit),
        spec,
        augmenter(manifest),
        network.weights().map(path -> Location.of(path).uri()).orElse(""),
        network.residualIdentities(),
        weights(manifest).map(StartingWeights::head),
        rates(manifest),
        seed,
        new PictureShelf.Room(
            (long) cacheMebibytes << 20, cacheEncoded, (long) shardCacheMebibytes << 20),
        network.backend());
  }
}
