package convoy.data.shards;

import convoy.cluster.ClusterJob;
import convoy.cluster.RunningSum;
import convoy.cluster.SparkContexts;
import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.Provenance;
import convoy.core.Secrets;
import convoy.core.UserException;
import convoy.data.sources.ImageSource;
import convoy.data.sources.LabelIndex;
import convoy.data.sources.LoosePart;
import convoy.data.sources.SourcePart;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * Turns a source of pictures into a data set of shards. Tasks read the source forwards, first to
 * count, then to check, shrink and encode; Spark's shuffle brings every picture to its place in its
 * shard. The driver sees counts only. What was finished before a stop is used again.
 */
public final class DatasetPartitioner {
  private static final Duration DEADLINE = Duration.ofDays(7);

  private static final long MEGA = 1_000_000;

  /** Fewer would leave slots idle in the end. */
  private static final long TASKS_A_SLOT = 8;

  private final JavaSparkContext spark;
  private final PartitionOptions options;
  private final Consumer<String> messages;

  /**
   * @param messages is told what will be done before it is begun
   */
  public DatasetPartitioner(
      JavaSparkContext spark, PartitionOptions options, Consumer<String> messages) {
    this.spark = spark;
    this.options = options;
    this.messages = messages;
  }

  /**
   * A data set that was made.
   *
   * @param skipped files that were taken for no pictures, by reason
   * @param warnings of what was probably not meant
   */
  public record Outcome(
      DatasetManifest manifest, Map<String, Integer> skipped, List<String> warnings) {}

  /**
   * What a source has.
   *
   * @param pictures of all classes
   */
  public record Contents(long pictures, List<String> classNames) {}

  /** Refuses a folder with a complete data set, unless that may go, or with files of others. */
  public static void requireFree(Location output, boolean overwrite) {
    new OutputFolder(output).requireFree(overwrite);
  }

  /** Counts what a source has. */
  public Contents contents(ImageSource source) {
    SourceListing listing = list(source.parts(), new Dealer(options.splits()), null);
    return new Contents(listing.pictures(), listing.classNames());
  }

  /**
   * Writes the data set into {@code output}; its manifest comes last.
   *
   * @param overwrite whether a complete data set there may be replaced
   */
  public Outcome partition(
      ImageSource source, Location output, Provenance provenance, boolean overwrite) {
    return partition(source, new Classes(null, true), output, provenance, overwrite);
  }

  /**
   * Writes a part of a data set: more pictures of its classes, of any of them.
   *
   * @param labels of the whole; those of every picture are among them
   */
  public Outcome partitionPart(
      ImageSource source, LabelIndex labels, Location output, Provenance provenance) {
    return partition(source, new Classes(labels, false), output, provenance, false);
  }

  /**
   * The classes of a data set.
   *
   * @param labels null where they are those of the source
   * @param complete whether each has to be in the training split
   */
  private record Classes(LabelIndex labels, boolean complete) {}

  private Outcome partition(
      ImageSource source,
      Classes classes,
      Location output,
      Provenance provenance,
      boolean overwrite) {
    OutputFolder folder = new OutputFolder(output);
    folder.requireFree(overwrite);
    try (Lease lease = Lease.take(output, "data set")) {
      folder.requireFree(overwrite);
      lease.cleanUp();
      folder.begin(provenance);
      messages.accept("Looking for the parts of the source: folders, tars, tars in tars.");
      List<SourcePart> parts = ParquetList.readable(spark, source, folder.work()).parts();
      Dealer dealer = new Dealer(options.splits());
      String identity = identity(source, parts);
      ListingNotes notes = folder.notes(identity);
      SourceListing listing = listOnce(parts, dealer, notes);
      LabelIndex labels =
          classes.complete()
              ? LabelIndex.of(listing.classNames(), source.humanNames())
              : classes.labels();
      List<String> warnings = SourceCheck.warnings(source, listing, classes.complete());
      warnings.forEach(warning -> messages.accept("warning: " + warning));
      ShardPlan plan = new ShardPlan(listing, dealer, options.shardExamples(), options.seed());
      if (classes.complete()) {
        plan.requireTraining();
      }
      PlannedShards shards =
          folder.planned(
              plan,
              fingerprint(identity, listing, labels),
              options.images().channels(),
              labels.size());
      make(parts, notes, listing, dealer, labels, shards);
      messages.accept("All shards are there; now what they have together, and the lists.");
      DatasetManifest manifest =
          new Completion(spark, options, folder, shards, notes, lease)
              .complete(
                  Secrets.blanked(source.description()),
                  labels,
                  classes.complete(),
                  listing,
                  provenance);
      return new Outcome(manifest, listing.skipped(), warnings);
    }
  }

  /**
   * Digest of a source and of how its pictures are dealt: a part's text has its place, its names'
   * meaning and the file's length and time.
   */
  private String identity(ImageSource source, List<SourcePart> parts) {
    MessageDigest digest = Digests.sha256();
    digest.update(
        (Provenance.version() + source.description() + Documents.toJsonLine(options.splits()))
            .getBytes(StandardCharsets.UTF_8));
    parts.forEach(part -> digest.update((part + "\n").getBytes(StandardCharsets.UTF_8)));
    return Digests.hex(digest.digest()).substring(0, 16);
  }

  /** The same source is not listed again when a partition is resumed. */
  private SourceListing listOnce(List<SourcePart> parts, Dealer dealer, ListingNotes notes) {
    // What is in a folder, or in a table, may have changed without a trace.
    boolean files = parts.stream().noneMatch(LoosePart.class::isInstance);
    if (files && notes.listing().exists()) {
      messages.accept("The source was listed before the stop; that is used again.");
      return Documents.read(notes.listing(), SourceListing.class);
    }
    notes.delete();
    SourceListing listing = list(parts, dealer, notes);
    if (files) {
      notes.listing().writeText(Documents.toJsonLine(listing));
    }
    return listing;
  }

  private SourceListing list(List<SourcePart> parts, Dealer dealer, ListingNotes notes) {
    List<ListingTask> tasks = listingTasks(parts, dealer, notes);
    long total = parts.stream().mapToLong(SourcePart::bytes).sum();
    boolean known = total >= MEGA;
    int partsInTask = parts.size() / Math.max(1, tasks.size());
    try (RunningSum bytes = new RunningSum(spark);
        Progress progress =
            known
                ? Progress.of("list", "MB", total / MEGA)
                : Progress.of("list", "parts", parts.size())) {
      LongAccumulator read = bytes.adder();
      List<SourceListing.Part> all =
          ClusterJob.collect(
                  spark,
                  spark
                      .parallelize(tasks, Math.max(1, tasks.size()))
                      .map(task -> task.run(read::add)),
                  "the listing of the source",
                  DEADLINE,
                  done -> {
                    long some = Math.min(parts.size(), (long) done * partsInTask);
                    if (known) {
                      progress.moveTo(
                          Math.min(total, bytes.value()) / MEGA,
                          "%,d of %,d parts".formatted(some, parts.size()));
                    } else {
                      progress.moveTo(some, "");
                    }
                  })
              .stream()
              .flatMap(List::stream)
              .toList();
      progress.moveTo(known ? total / MEGA : parts.size(), "");
      requireFilled(parts, all);
      return SourceListing.of(all);
    }
  }

  private static List<ListingTask> listingTasks(
      List<SourcePart> parts, Dealer dealer, ListingNotes notes) {
    List<ListingTask> tasks = new ArrayList<>();
    int from = 0;
    long bytes = 0;
    for (int i = 0; i < parts.size(); i++) {
      bytes += parts.get(i).bytes();
      boolean unknown =
          parts.get(i).bytes() == 0 && i + 1 - from > parts.size() / PictureTask.MOST_TASKS;
      if (unknown || bytes >= ListingTask.STRETCH_BYTES || i == parts.size() - 1) {
        tasks.add(new ListingTask(from, List.copyOf(parts.subList(from, i + 1)), dealer, notes));
        from = i + 1;
        bytes = 0;
      }
    }
    return tasks;
  }

  private static void requireFilled(List<SourcePart> parts, List<SourceListing.Part> listed) {
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      if (listed.get(i).pictures() == 0) {
        parts.get(i).problemIfEmpty().ifPresent(problems::add);
      }
    }
    UserException.throwIfAny(problems);
    if (listed.stream().mapToLong(SourceListing.Part::pictures).sum() == 0) {
      throw ImageSource.empty(parts.get(0).name(), "pictures");
    }
  }

  /** Of all that decides what is in the shards. */
  private String fingerprint(String identity, SourceListing listing, LabelIndex labels) {
    MessageDigest digest = Digests.sha256();
    for (Object part :
        List.of(
            List.of(identity),
            listing,
            labels,
            options.splits(),
            options.images(),
            List.of(options.shardExamples(), options.seed()))) {
      digest.update(Documents.toJsonLine(part).getBytes(StandardCharsets.UTF_8));
    }
    return Digests.hex(digest.digest()).substring(0, 16);
  }

  /** Makes the shards that are not there yet. */
  private void make(
      List<SourcePart> parts,
      ListingNotes notes,
      SourceListing listing,
      Dealer dealer,
      LabelIndex labels,
      PlannedShards shards) {
    int[] missing = shards.missing();
    if (missing.length == 0) {
      return;
    }
    long effort = listing.effort();
    long effortOfTask =
        Math.max(
            Math.min(
                ListingTask.STRETCH_BYTES, effort / (SparkContexts.slots(spark) * TASKS_A_SLOT)),
            effort / PictureTask.MOST_TASKS);
    List<PictureTask> tasks = PictureTask.of(listing, effortOfTask);
    messages.accept(
        PartitionNeeds.words(
            spark, options, listing, tasks.size(), missing.length, shards.plan().shards()));
    int[] wanted = new int[shards.plan().shards()];
    Arrays.fill(wanted, -1);
    IntStream.range(0, missing.length).forEach(i -> wanted[missing[i]] = i);
    Broadcast<PictureTask.Shared> shared =
        spark.broadcast(
            new PictureTask.Shared(
                parts,
                notes,
                listing.cells(),
                dealer,
                shards.plan(),
                wanted,
                labels.numbers(),
                PictureMaker.of(options.images())));
    ReadMeter meter = ReadMeter.of(spark);
    List<ShardTask> writes = Arrays.stream(missing).mapToObj(shards::task).toList();
    JavaPairRDD<Long, MadePicture> pictures =
        spark
            .parallelize(tasks, tasks.size())
            .mapPartitionsToPair(
                some -> {
                  PictureTask task = some.next();
                  return task.run(shared.value(), meter);
                });
    JavaRDD<Integer> made =
        pictures
            .repartitionAndSortWithinPartitions(
                new ShardTask.ByShard(wanted, missing.length), Comparator.<Long>naturalOrder())
            .mapPartitionsWithIndex(
                (i, some) -> List.of(writes.get(i).run(some)).iterator(), false);
    try {
      run(made, meter, listing.pictures(), tasks.size());
    } finally {
      ClusterJob.free(shared);
    }
  }

  private void run(JavaRDD<Integer> made, ReadMeter meter, long pictures, int reading) {
    long begin = System.nanoTime();
    try (Progress progress = Progress.of("partition", "images", pictures)) {
      var unused =
          ClusterJob.collect(
              spark,
              made,
              "the shards",
              DEADLINE,
              done ->
                  progress.moveTo(
                      Math.min(pictures, meter.pictures()),
                      done > reading
                          ? "%d shards written".formatted(done - reading)
                          : "%.1f MB/s"
                              .formatted(meter.bytes() * 1e3 / (System.nanoTime() - begin))));
      progress.moveTo(pictures, "");
    }
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
    OutputFolder folder = new OutputFolder(output);
    folder.requireFree(false);
    try (Lease lease = Lease.take(output, "data set")) {
      lease.cleanUp();
      folder.begin(provenance);
      Map<String, Long> counts =
          new TreeMap<>(
              pictures.mapToPair(picture -> new Tuple2<>(picture.split(), 1)).countByKey());
      ShardPlan plan = ShardPlan.ofCounts(counts, options.shardExamples(), options.seed());
      plan.requireTraining();
      PlannedShards shards =
          folder.planned(plan, "table", options.images().channels(), labels.size());
      ReadMeter meter = ReadMeter.of(spark);
      List<ShardTask> writes = IntStream.range(0, plan.shards()).mapToObj(shards::task).toList();
      JavaRDD<Integer> made =
          new TableShards(plan, PictureMaker.of(options.images()), meter).write(pictures, writes);
      run(made, meter, plan.pictures(), pictures.getNumPartitions());
      return new Completion(spark, options, folder, shards, folder.notes("table"), lease)
          .complete(description, labels, true, SourceListing.of(List.of()), provenance);
    }
  }
}
