package convoy.job;

import convoy.core.Checks;
import convoy.core.Digests;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.DatasetManifest;
import convoy.data.ImageTransform;
import convoy.data.SplitName;
import convoy.network.Backend;
import convoy.network.Engine;
import convoy.network.MemoryNeeds;
import convoy.network.NetworkSpec;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import convoy.train.ParameterAveragingTrainer;
import convoy.train.TrainingHistory;
import convoy.train.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/** Trains a network on a data set by parameter averaging. */
final class TrainJob implements Job<TrainJob.Config> {

  /** {@code conf/train.yaml} explains each key. */
  record Config(
      String dataset,
      String validationSplit,
      long seed,
      NetworkConfig network,
      double cropFraction,
      ImageTransform.Augmentation augmentation,
      TrainingOptions training,
      int cacheMebibytes) {
    Config {
      new Checks()
          .within(0.1, 1, "crop-fraction", cropFraction)
          .atLeast(0, "cache-mebibytes", cacheMebibytes)
          .done();
    }
  }

  /**
   * @param classes checked against the data set where given
   * @param weights model or run folder to begin with
   */
  record NetworkConfig(
      String architecture,
      List<LayerSpec> layers,
      ResNet.Stem stem,
      List<Integer> input,
      Optional<Integer> classes,
      double dropout,
      Optional<String> weights,
      Backend.EngineName engine,
      Backend.DeviceKind device,
      Backend.Precision precision) {
    /** A state is the same whatever computed it, so a run may go on with others. */
    private static final List<String> CHOICES_OF_A_MACHINE = List.of("engine", "device");

    NetworkConfig {
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

    Backend backend() {
      return new Backend(engine, device, precision);
    }

    NetworkSpec spec(int dataClasses, long seed) {
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
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    try {
      DatasetManifest manifest = DatasetManifest.read(Location.of(config.dataset()));
      Checks.collect(problems, () -> manifest.split(SplitName.spelled(config.validationSplit())));
      Checks.collect(
          problems, () -> manifest.labels().requireSize(config.network().classes(), "a network"));
      Checks.collect(problems, () -> requireChannels(config, manifest));
      Checks.collect(
          problems, () -> Engine.of(config.network().engine()).require(network(config, manifest)));
      Checks.collect(problems, () -> weights(config, manifest));
      int examples = manifest.split(SplitName.TRAIN).examples();
      Checks.collect(problems, () -> config.training().layout().requireEnough(examples));
    } catch (UserException e) {
      problems.add(e.getMessage());
    }
    return problems;
  }

  private static void requireChannels(Config config, DatasetManifest manifest) {
    int wanted = config.network().input().get(0);
    if (wanted != manifest.channels()) {
      throw new UserException(
          "Cannot train a network of %d channels on data of %d. Set network.input=[%d, height, width]."
              .formatted(wanted, manifest.channels(), manifest.channels()));
    }
  }

  @Override
  public void run(Config config, Context context) {
    Location dataset = Location.of(config.dataset());
    DatasetManifest manifest = DatasetManifest.read(dataset);
    NetworkSpec network = network(config, manifest);
    RunFolder run = Runs.open("train", config, NetworkConfig.CHOICES_OF_A_MACHINE, context);
    String digest = Digests.sha256(dataset.child(DatasetManifest.FILE).readBytes());
    run.requireSame("dataset.sha256", digest, "data set");
    try (JavaSparkContext spark = SparkContexts.open("train")) {
      MemoryPlan plan =
          new MemoryPlan(
              MemoryNeeds.of(network, config.training().minibatch(), config.network().backend()),
              config.training().workers(),
              SparkContexts.slots(spark),
              (long) config.cacheMebibytes() << 20,
              keptBytes(config, manifest),
              config.network().device());
      context.out().print(plan.describe(spark));
      plan.requireRoom(spark);
      ParameterAveragingTrainer.Result result =
          new ParameterAveragingTrainer(
                  spark,
                  subject(config, dataset, manifest, network),
                  config.training(),
                  run.location())
              .train(epoch -> print(epoch, config.training().epochs(), context));
      context
          .out()
          .printf(
              "Trained %,d parameters: validation top-1 error %.2f %% after epoch %d, best %.2f %% after epoch %d%n",
              result.parameters(),
              100 * result.last().validationTop1Error(),
              result.last().epoch(),
              100 * result.best().validationTop1Error(),
              result.best().epoch());
      context.out().printf("State %s%nRun %s%n", result.digest(), run.location());
    }
  }

  /** Of validation's probabilities, which all tasks of one executor may hold. */
  private static long keptBytes(Config config, DatasetManifest manifest) {
    long examples = manifest.split(SplitName.spelled(config.validationSplit())).examples();
    return examples * manifest.labels().size() * Float.BYTES;
  }

  private static ParameterAveragingTrainer.Subject subject(
      Config config, Location dataset, DatasetManifest manifest, NetworkSpec network) {
    ImageTransform transform =
        new ImageTransform(
            network.height(),
            network.width(),
            config.cropFraction(),
            manifest.mean(),
            manifest.standardDeviation());
    return new ParameterAveragingTrainer.Subject(
        dataset,
        manifest,
        SplitName.spelled(config.validationSplit()),
        network,
        transform,
        config.augmentation(),
        weights(config, manifest),
        config.seed(),
        (long) config.cacheMebibytes() << 20,
        config.network().backend());
  }

  private static NetworkSpec network(Config config, DatasetManifest manifest) {
    return config.network().spec(manifest.labels().size(), config.seed());
  }

  private static Optional<byte[]> weights(Config config, DatasetManifest manifest) {
    NetworkSpec wanted = network(config, manifest).in(NetworkSpec.Phase.INFERENCE);
    return config.network().weights().map(path -> Runs.weights(path, wanted));
  }

  private static void print(TrainingHistory.Epoch epoch, int epochs, Context context) {
    context
        .out()
        .printf(
            "epoch %d of %d: training loss %.4f, validation loss %.4f, top-1 error %.2f %%, top-5 error %.2f %%, learning rate %.5f, %.1f images/s%n",
            epoch.epoch(),
            epochs,
            epoch.trainingLoss(),
            epoch.validationLoss(),
            100 * epoch.validationTop1Error(),
            100 * epoch.validationTop5Error(),
            epoch.learningRate(),
            epoch.imagesPerSecond());
  }
}
