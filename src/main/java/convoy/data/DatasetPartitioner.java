package convoy.data;

import convoy.cluster.ClusterJob;
import convoy.core.Checks;
import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.Provenance;
import convoy.core.Seeds;
import convoy.core.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** Turns a source of pictures into a data set of shards, one Spark task a shard. */
public final class DatasetPartitioner {
  private static final Duration DEADLINE = Duration.ofDays(2);
  private static final int REJECTED_SHOWN = 5;
  private static final String BEGUN = "provenance.json";

  /** How examples are dealt to splits. */
  public enum SplitRule {
    /** As the source has them. */
    SOURCE,
    /** By a hash of the picture's name: stable when pictures come or go. */
    HASH
  }

  /**
   * @param validation part of the examples (rule {@code hash}) or of the source's training split
   *     (rule {@code source}) that becomes the validation split
   * @param test part that becomes the test split, likewise
   */
  public record Splits(SplitRule from, double validation, double test) {
    public Splits {
      new Checks()
          .within(0, 0.9, "validation", validation)
          .within(0, 0.9, "test", test)
          .that(
              validation + test < 1,
              "validation + test",
              validation + test,
              "must leave a training split")
          .done();
    }
  }

  /**
   * @param shortSide in pixels that larger pictures are shrunk to
   * @param jpegQuality of pictures that are encoded again, 0 to 1
   */
  public record Images(Color color, Optional<Integer> shortSide, double jpegQuality) {
    /** Channels of the data set. */
    public enum Color {
      GRAY,
      RGB
    }

    public Images {
      new Checks()
          .that(
              shortSide.map(side -> side >= 1).orElse(true),
              "short-side",
              shortSide,
              "must be at least 1, or none")
          .within(0.1, 1, "jpeg-quality", jpegQuality)
          .done();
    }

    int channels() {
      return color == Color.GRAY ? 1 : 3;
    }
  }

  /**
   * @param shardExamples pictures in a shard
   * @param rejectedImagesAllowed above this number of broken pictures nothing is made
   */
  public record Options(
      Splits splits, Images images, int shardExamples, int rejectedImagesAllowed, long seed) {}

  private final JavaSparkContext spark;
  private final Options options;

  public DatasetPartitioner(JavaSparkContext spark, Options options) {
    this.spark = spark;
    this.options = options;
  }

  /** Writes the data set into {@code output}; its manifest comes last. */
  public DatasetManifest partition(ImageSource source, Location output, Provenance provenance) {
    List<ImageReference> references = list(source);
    LabelIndex labels =
        LabelIndex.of(
            references.stream().map(ImageReference::className).distinct().toList(),
            source.humanNames());
    return partition(source, references, new Classes(labels, true), output, provenance);
  }

  /**
   * Writes a part of a data set: more pictures of its classes, of any of them.
   *
   * @param labels of the whole; those of every picture are among them
   */
  public DatasetManifest partitionPart(
      ImageSource source, LabelIndex labels, Location output, Provenance provenance) {
    return partition(source, list(source), new Classes(labels, false), output, provenance);
  }

  /**
   * The classes of a data set.
   *
   * @param complete whether each has to be in the training split
   */
  private record Classes(LabelIndex labels, boolean complete) {}

  private DatasetManifest partition(
      ImageSource source,
      List<ImageReference> references,
      Classes classes,
      Location output,
      Provenance provenance) {
    List<ShardTask> tasks = tasks(references, classes, output);
    clear(output, provenance);
    List<ShardTask.Result> results =
        results(spark.parallelize(tasks, tasks.size()).map(ShardTask::run), references.size());
    return complete(source.description(), classes, results, output, provenance);
  }

  /**
   * Writes a table's pictures as a data set.
   *
   * @param description of where they come from
   * @param labels of all classes, by number
   */
  public DatasetManifest partition(
      JavaRDD<LabelledPicture> pictures,
      String description,
      LabelIndex labels,
      Location output,
      Provenance provenance) {
    Map<String, Long> counts =
        pictures.mapToPair(picture -> new Tuple2<>(picture.split(), 1)).countByKey();
    Map<String, Integer> shards = new TreeMap<>();
    counts.forEach(
        (split, count) ->
            shards.put(
                split,
                Math.toIntExact((count + options.shardExamples() - 1) / options.shardExamples())));
    requireTraining(shards.keySet());
    clear(output, provenance);
    List<ShardTask.Result> results =
        results(
            new TableShards(output, shards, labels.size(), taskOptions()).write(pictures),
            counts.values().stream().mapToLong(n -> n).sum());
    return complete(description, new Classes(labels, true), results, output, provenance);
  }

  private List<ShardTask.Result> results(JavaRDD<ShardTask.Result> shards, long pictures) {
    try (Progress progress = Progress.of("partition", "images", pictures)) {
      List<ShardTask.Result> results =
          ClusterJob.collect(
              spark,
              shards,
              "the shards",
              DEADLINE,
              done ->
                  progress.moveTo(Math.min(pictures, (long) done * options.shardExamples()), ""));
      progress.moveTo(pictures, "");
      return results;
    }
  }

  /** The manifest comes last. */
  private DatasetManifest complete(
      String description,
      Classes classes,
      List<ShardTask.Result> results,
      Location output,
      Provenance provenance) {
    List<ShardTask.Rejected> rejected =
        results.stream().flatMap(result -> result.rejected().stream()).toList();
    if (rejected.size() > options.rejectedImagesAllowed()) {
      output.child("shards").delete();
      throw tooManyRejected(rejected);
    }
    DatasetManifest manifest = manifest(description, classes, results, rejected.size(), provenance);
    output.child("rejected.tsv").writeText(table(rejected));
    output.child(DatasetManifest.FILE).writeText(Documents.toJson(manifest));
    return manifest;
  }

  /** Only what an earlier, unfinished run has left may be deleted. */
  private static void clear(Location output, Provenance provenance) {
    Location begun = output.child(BEGUN);
    if (output.exists() && !output.list().isEmpty() && !begun.exists()) {
      throw new UserException(
          "Cannot write data set %s: the folder is not empty and holds no unfinished data set. Name a new one."
              .formatted(output));
    }
    begun.writeText(Documents.toJson(provenance));
    output.child("shards").delete();
  }

  private static List<ImageReference> list(ImageSource source) {
    try {
      return source.list();
    } catch (IOException | UncheckedIOException e) {
      throw new UserException(
          "Cannot list pictures in %s: %s. Check source.path."
              .formatted(source.path(), e.getMessage()),
          e);
    }
  }

  private List<ShardTask> tasks(List<ImageReference> references, Classes classes, Location output) {
    Map<String, List<ImageReference>> splits = new TreeMap<>();
    for (ImageReference reference : references) {
      splits.computeIfAbsent(split(reference), s -> new ArrayList<>()).add(reference);
    }
    if (classes.complete()) {
      requireTraining(splits.keySet());
    }
    List<ShardTask> tasks = new ArrayList<>();
    splits.forEach(
        (split, members) -> {
          Collections.shuffle(members, new Random(Seeds.mix(options.seed(), split.hashCode())));
          for (int from = 0, n = 0; from < members.size(); from += options.shardExamples(), n++) {
            List<ImageReference> part =
                List.copyOf(
                    members.subList(
                        from, Math.min(members.size(), from + options.shardExamples())));
            tasks.add(
                new ShardTask(
                    output,
                    "shards/%s-%06d.tar".formatted(split, n),
                    part,
                    classes.labels().numbers(),
                    taskOptions()));
          }
        });
    return tasks;
  }

  private static void requireTraining(Set<String> splits) {
    if (!splits.contains(SplitName.TRAIN)) {
      throw new UserException(
          "Cannot partition: no picture falls into the training split (there are %s). Check splits."
              .formatted(splits));
    }
  }

  private ShardTask.Options taskOptions() {
    return new ShardTask.Options(
        options.images().channels(),
        options.images().shortSide().orElse(0),
        options.images().jpegQuality());
  }

  private String split(ImageReference reference) {
    Splits splits = options.splits();
    boolean dealt = splits.from() == SplitRule.HASH || reference.split().equals(SplitName.TRAIN);
    if (splits.from() == SplitRule.SOURCE && reference.split().isEmpty()) {
      throw new UserException(
          "Cannot use the source's own split: %s belongs to none. Set splits.from=hash."
              .formatted(reference.path()));
    }
    if (!dealt) {
      return reference.split();
    }
    double position = Digests.position(reference.path().getBytes(StandardCharsets.UTF_8));
    if (position < splits.validation()) {
      return SplitName.VALIDATION;
    }
    return position < splits.validation() + splits.test() ? SplitName.TEST : SplitName.TRAIN;
  }

  private UserException tooManyRejected(List<ShardTask.Rejected> rejected) {
    StringBuilder message =
        new StringBuilder(
            "Cannot partition: %d pictures are broken, rejected-images-allowed is %d. Mend or remove them, or allow them."
                .formatted(rejected.size(), options.rejectedImagesAllowed()));
    for (ShardTask.Rejected picture :
        rejected.subList(0, Math.min(REJECTED_SHOWN, rejected.size()))) {
      message.append("\n  %s (%s) %s".formatted(picture.name(), picture.file(), picture.reason()));
    }
    return new UserException(message.toString());
  }

  private DatasetManifest manifest(
      String description,
      Classes classes,
      List<ShardTask.Result> results,
      int rejected,
      Provenance provenance) {
    LabelIndex labels = classes.labels();
    Map<String, List<ShardTask.Result>> bySplit = new TreeMap<>();
    for (ShardTask.Result result : results) {
      String split = result.shard().path().replaceAll("^shards/(.*)-\\d+\\.tar$", "$1");
      bySplit.computeIfAbsent(split, s -> new ArrayList<>()).add(result);
    }
    Map<String, DatasetManifest.Split> splits = new TreeMap<>();
    List<ShardTask.Result> training = bySplit.getOrDefault(SplitName.TRAIN, List.of());
    if (classes.complete()) {
      requireEveryClass(describe(training, labels.size()), labels);
    }
    bySplit.forEach((split, members) -> splits.put(split, describe(members, labels.size())));
    // A split whose pictures are all broken is none.
    splits.values().removeIf(split -> split.examples() == 0);
    ChannelStatistics statistics = new ChannelStatistics(options.images().channels());
    training.forEach(result -> statistics.add(result.statistics()));
    return new DatasetManifest(
        DatasetManifest.FORMAT,
        description,
        labels,
        options.images().channels(),
        statistics.means(),
        statistics.standardDeviations(),
        splits,
        rejected,
        provenance);
  }

  private static DatasetManifest.Split describe(List<ShardTask.Result> results, int classes) {
    int[] counts = new int[classes];
    for (ShardTask.Result result : results) {
      for (int i = 0; i < classes; i++) {
        counts[i] += result.classCounts()[i];
      }
    }
    return new DatasetManifest.Split(
        IntStream.of(counts).sum(),
        IntStream.of(counts).boxed().toList(),
        results.stream().map(ShardTask.Result::shard).toList());
  }

  private static void requireEveryClass(DatasetManifest.Split train, LabelIndex labels) {
    for (int i = 0; i < labels.size(); i++) {
      if (train.classCounts().get(i) == 0) {
        throw new UserException(
            "Cannot partition: class %s has no whole picture in the training split. Add pictures or remove the class."
                .formatted(labels.labels().get(i).className()));
      }
    }
  }

  private static String table(List<ShardTask.Rejected> rejected) {
    StringBuilder table = new StringBuilder("name\tfile\treason\n");
    for (ShardTask.Rejected picture : rejected) {
      table.append("%s\t%s\t%s\n".formatted(picture.name(), picture.file(), picture.reason()));
    }
    return table.toString();
  }
}
