package convoy.data.shards;

import convoy.cluster.ClusterJob;
import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.data.pictures.ChannelStatistics;
import convoy.data.sources.LabelIndex;
import convoy.data.sources.SplitName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * From shards that are all there to a data set: lists for people, checks, and then the manifest.
 * One shard's results are looked at at a time.
 */
record Completion(
    JavaSparkContext spark,
    PartitionOptions options,
    OutputFolder folder,
    PlannedShards shards,
    ListingNotes notes,
    Lease lease) {
  private static final Duration DEADLINE = Duration.ofHours(12);
  private static final int REJECTED_SHOWN = 5;
  private static final int DUPLICATES_LISTED = 10_000;
  private static final int DUPLICATE_TASKS = 200;

  /** Of one picture in each split. */
  private static final int DUPLICATES_SHOWN = 5;

  /** What the shards of a split come to. */
  private static final class Sum {
    private final int[] classCounts;
    private final List<DatasetManifest.Shard> shards = new ArrayList<>();

    Sum(int classes) {
      classCounts = new int[classes];
    }

    DatasetManifest.Split toSplit() {
      return new DatasetManifest.Split(
          IntStream.of(classCounts).sum(), Arrays.stream(classCounts).boxed().toList(), shards);
    }
  }

  /**
   * @param complete whether each class has to be in the training split
   */
  DatasetManifest complete(
      String description,
      LabelIndex labels,
      boolean complete,
      SourceListing listing,
      Provenance provenance) {
    lease.requireHeld();
    Map<String, Sum> sums = new TreeMap<>();
    ChannelStatistics statistics = new ChannelStatistics(shards.channels());
    List<ShardTask.Rejected> first = new ArrayList<>();
    int[] rejected = new int[1];
    NoteFile.write(
        folder.file(NoteFile.REJECTED),
        "name\tfile\treason",
        rows -> {
          for (int shard = 0; shard < shards.plan().shards(); shard++) {
            ShardTask.Result result = shards.result(shard);
            String split = shards.plan().split(shard);
            add(sums.computeIfAbsent(split, s -> new Sum(labels.size())), result);
            if (split.equals(SplitName.TRAIN)) {
              statistics.add(result.statistics());
            }
            for (ShardTask.Rejected picture : result.rejected()) {
              rows.accept(NoteFile.row(picture.name(), picture.file(), picture.reason()));
              if (rejected[0]++ < REJECTED_SHOWN) {
                first.add(picture);
              }
            }
          }
        });
    int skipped = listSkipped(listing);
    if (rejected[0] > options.rejectedImagesAllowed()) {
      throw tooManyRejected(rejected[0], first);
    }
    Map<String, DatasetManifest.Split> splits = new TreeMap<>();
    sums.forEach((split, sum) -> splits.put(split, sum.toSplit()));
    if (complete) {
      requireEveryClass(sums.get(SplitName.TRAIN).toSplit(), labels);
    }
    // A split whose pictures are all broken is none.
    splits.values().removeIf(split -> split.examples() == 0);
    DatasetManifest manifest =
        new DatasetManifest(
            DatasetManifest.FORMAT,
            description,
            labels,
            shards.channels(),
            statistics.means(),
            statistics.standardDeviations(),
            statistics.covariance(),
            splits,
            rejected[0],
            skipped,
            splits.size() > 1 ? listDuplicates() : 0,
            provenance);
    lease.requireHeld();
    folder.file(DatasetManifest.FILE).writeText(Documents.toJson(manifest));
    folder.finish();
    return manifest;
  }

  private static void add(Sum sum, ShardTask.Result result) {
    sum.shards.add(result.shard());
    for (int c = 0; c < sum.classCounts.length; c++) {
      sum.classCounts[c] += result.classCounts().get(c);
    }
  }

  /** Puts the tasks' lists together, and returns how many files are on them. */
  private int listSkipped(SourceListing listing) {
    Location lists = notes.skipped();
    NoteFile.write(
        folder.file(NoteFile.SKIPPED),
        "name\tfile\treason",
        rows -> {
          if (lists.exists()) {
            lists.list().forEach(list -> rows.accept(list.location().readText()));
          }
        });
    return listing.skipped().values().stream().mapToInt(n -> n).sum();
  }

  private UserException tooManyRejected(int rejected, List<ShardTask.Rejected> first) {
    StringBuilder message =
        new StringBuilder(
            "Cannot partition: %d pictures are broken, rejected-images-allowed is %d. Mend or remove them, or allow them: then the shards, which are kept, are used. All are in %s."
                .formatted(
                    rejected, options.rejectedImagesAllowed(), folder.file(NoteFile.REJECTED)));
    for (ShardTask.Rejected picture : first) {
      message.append("\n  %s (%s) %s".formatted(picture.name(), picture.file(), picture.reason()));
    }
    return new UserException(message.toString());
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

  /**
   * Pictures that are, byte for byte, in more than one split: what is tested would have been
   * trained on. Returns their number.
   */
  private int listDuplicates() {
    PlannedShards all = shards;
    int shardCount = all.plan().shards();
    JavaRDD<String> rows =
        spark
            .parallelize(
                IntStream.range(0, shardCount).boxed().toList(),
                Math.min(shardCount, DUPLICATE_TASKS))
            .flatMapToPair(
                shard -> {
                  String split = all.plan().split(shard);
                  return all.result(shard).origins().stream()
                      .map(
                          origin ->
                              new Tuple2<>(
                                  origin.digest(), "%s:%s".formatted(split, origin.name())))
                      .iterator();
                })
            .groupByKey()
            .flatMap(Completion::duplicates);
    int count =
        ClusterJob.collect(
                spark,
                rows.mapPartitions(some -> List.of(count(some)).iterator()),
                "the search for duplicates",
                DEADLINE,
                done -> {})
            .stream()
            .mapToInt(n -> n)
            .sum();
    if (count > 0) {
      List<String> listed = rows.takeOrdered(DUPLICATES_LISTED);
      NoteFile.write(
          folder.file(NoteFile.DUPLICATES), "digest\tsplit:name", target -> listed.forEach(target));
    }
    return count;
  }

  /** A row for people if pictures of one digest are in several splits, otherwise nothing. */
  private static Iterator<String> duplicates(Tuple2<String, Iterable<String>> pictures) {
    TreeSet<String> names = new TreeSet<>();
    // A picture that stands for a missing one may be there a hundred thousand times.
    pictures._2().forEach(names::add);
    long splits =
        names.stream().map(name -> name.substring(0, name.indexOf(':'))).distinct().count();
    return splits < 2
        ? Collections.emptyIterator()
        : List.of(
                NoteFile.row(
                    Stream.concat(Stream.of(pictures._1()), shown(names)).toArray(String[]::new)))
            .iterator();
  }

  /** The first of each split. */
  private static Stream<String> shown(TreeSet<String> names) {
    Map<String, Integer> seen = new TreeMap<>();
    return names.stream()
        .filter(
            name ->
                seen.merge(name.substring(0, name.indexOf(':')), 1, Integer::sum)
                    <= DUPLICATES_SHOWN);
  }

  private static int count(Iterator<String> rows) {
    int count = 0;
    for (; rows.hasNext(); rows.next()) {
      count++;
    }
    return count;
  }
}
