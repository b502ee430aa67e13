package convoy.bench;

import convoy.cluster.ClusterJob;
import convoy.cluster.SparkContexts;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.data.pictures.Augmentation;
import convoy.data.pictures.Augmenter;
import convoy.data.pictures.ImageTransform;
import convoy.data.pictures.ShapePictures;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.Minibatch;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.shards.PartitionOptions;
import convoy.data.sources.ClassFolders;
import convoy.data.sources.SplitName;
import convoy.network.Backend;
import convoy.network.FirstState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Replicas;
import convoy.network.StateLayout;
import convoy.rounds.Checkpoints;
import convoy.rounds.EpochWork;
import convoy.rounds.MomentumRule;
import convoy.rounds.Position;
import convoy.rounds.TrainingTask;
import convoy.rounds.Transport;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A process of {@link RoundBench}: one of its cases, in a Spark context of its own. Trains two
 * epochs by the trainer's own rounds, from shards; the first one warms up.
 */
public final class RoundWorker {
  private static final int STEPS = 9;
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final int CLASSES = ShapePictures.classes().size();

  private RoundWorker() {}

  /**
   * Prints the result as a line of JSON.
   *
   * @param arguments the case, as JSON; a folder for data and checkpoints
   */
  public static void main(String[] arguments) {
    RoundCase one = Documents.fromJson("case", arguments[0], RoundCase.class);
    Location folder = Location.of(arguments[1]);
    try (JavaSparkContext spark = SparkContexts.open("bench")) {
      var unused = SparkContexts.awaitSlots(spark, one.workers());
      WorkerProcess.print(measure(one, spark, folder));
    }
  }

  private static RoundRow measure(RoundCase one, JavaSparkContext spark, Location folder) {
    DatasetManifest manifest = dataset(one, spark, folder);
    NetworkSpec spec = one.spec();
    TrainingTask common =
        new TrainingTask(
            spec,
            new Augmenter(
                new ImageTransform(28, 28, 1, manifest.mean(), manifest.standardDeviation()),
                new Augmentation(Augmentation.Crop.CENTER, 1, 0, false),
                List.of()),
            "",
            false,
            manifest.labels(),
            1,
            TrainingTask.Rules.plain(MomentumRule.valueOf(constant(one.momentum())), DEADLINE),
            Backend.TORCH_CPU,
            new Checkpoints(folder.child("checkpoints"), spec, 1));
    Broadcast<TrainingTask> task = spark.broadcast(common);
    Broadcast<PictureShelf> pictures =
        spark.broadcast(
            new PictureShelf(folder.child("shapes"), manifest, PictureShelf.Room.ofMebibytes(64)));
    DriverTraffic traffic = new DriverTraffic(spark);
    Transport transport =
        Transport.of(Transport.Kind.valueOf(constant(one.transport())), spark, task, pictures);
    Position warm = transport.train(work(one, manifest, 0), new Silent());
    double step = step(one, spark);
    traffic.reset();
    Position end = transport.train(work(one, manifest, warm.epochs()), new Silent());
    double round = end.costs().seconds() / end.rounds();
    return new RoundRow(
        one.engine(),
        one.transport(),
        one.where(),
        one.network(),
        one.momentum(),
        one.workers(),
        end.rounds(),
        StateLayout.of(spec).bytes() * (one.momentum().equals("average") ? 2L : 1L),
        round,
        round - step,
        traffic.bytes() / end.rounds(),
        DriverTraffic.heapMebibytes());
  }

  private static String constant(String name) {
    return name.replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** As many pictures as there are steps. */
  private static DatasetManifest dataset(RoundCase one, JavaSparkContext spark, Location folder) {
    int pictures = one.workers() * one.rounds();
    ShapePictures.write(
        folder.child("pictures"),
        SplitName.TRAIN,
        (pictures + CLASSES - 1) / CLASSES,
        28,
        1,
        ShapePictures.Layout.FOLDERS);
    return new DatasetPartitioner(
            spark,
            new PartitionOptions(
                new PartitionOptions.Splits(
                    PartitionOptions.SplitRule.HASH, 0, 0, Optional.empty()),
                new PartitionOptions.Images(
                    PartitionOptions.Images.Color.GRAY, Optional.empty(), 0.9),
                1000,
                0,
                1),
            line -> {})
        .partition(
            new ClassFolders(
                folder.child("pictures").child(SplitName.TRAIN).uri(), Optional.empty()),
            folder.child("shapes"),
            Provenance.of(List.of("bench")),
            false)
        .manifest();
  }

  private static EpochWork work(RoundCase one, DatasetManifest manifest, int epoch) {
    int[] shards =
        manifest.split(SplitName.TRAIN).shards().stream()
            .mapToInt(DatasetManifest.Shard::examples)
            .toArray();
    EpochPlan.Layout layout = new EpochPlan.Layout(one.workers(), 1, 1, 0);
    int rounds = EpochWork.plan(shards, layout, 1, epoch).rounds();
    double[] rates = IntStream.range(0, rounds).mapToDouble(round -> 1e-4).toArray();
    return new EpochWork(epoch, 0, shards, layout, 1, rates, new Network.Step(0, 0.9, 5e-4));
  }

  /** Seconds of a step, while all workers take theirs: the slowest one's median. */
  private static double step(RoundCase one, JavaSparkContext spark) {
    NetworkSpec spec = one.spec();
    return ClusterJob.collect(
            spark,
            spark
                .parallelize(IntStream.range(0, one.workers()).boxed().toList(), one.workers())
                .mapPartitions(unused -> List.of(medianStep(spec)).iterator()),
            "steps",
            DEADLINE,
            done -> {})
        .stream()
        .mapToDouble(seconds -> seconds)
        .max()
        .orElseThrow();
  }

  private static double medianStep(NetworkSpec spec) {
    return Replicas.use(
        new Replicas.Kind(spec, Backend.TORCH_CPU, ClusterJob.gpu()),
        "steps",
        DEADLINE,
        network -> {
          network.restore(FirstState.of(spec));
          Minibatch minibatch = new Minibatch(new float[spec.inputSize()], new int[] {1});
          double[] seconds = new double[STEPS];
          for (int i = 0; i < STEPS; i++) {
            long began = System.nanoTime();
            var unused = network.fit(minibatch, new Network.Step(1e-4, 0.9, 5e-4));
            seconds[i] = (System.nanoTime() - began) / 1e9;
          }
          Arrays.sort(seconds);
          return seconds[STEPS / 2];
        });
  }

  /** Only the end counts. */
  private static final class Silent implements Transport.Watcher {
    @Override
    public void accept(Position position) {}

    @Override
    public void note(String text) {
      System.err.println(text);
    }
  }
}
