package convoy.data.shards;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.data.sources.LabelIndex;
import convoy.data.sources.SplitName;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a partitioned data set is. Written last: a folder without it is not complete.
 *
 * @param format version of the layout
 * @param labels in order of their numbers
 * @param mean of each channel over the training split, 0 to 255
 * @param standardDeviation of each channel
 * @param covariance of each two channels over the training split's pixels
 * @param splits by name
 * @param rejected how many pictures were set aside; {@code rejected.tsv} names them
 * @param skipped how many files were taken for no pictures; {@code skipped.tsv} names them
 * @param duplicates how many different pictures are in more than one split; {@code duplicates.tsv}
 *     names them
 */
public record DatasetManifest(
    int format,
    String source,
    LabelIndex labels,
    int channels,
    List<Double> mean,
    List<Double> standardDeviation,
    List<List<Double>> covariance,
    Map<String, Split> splits,
    int rejected,
    int skipped,
    int duplicates,
    Provenance provenance) {
  public static final String FILE = LabelIndex.DATASET_FILE;
  static final int FORMAT = 2;

  /**
   * @param classCounts examples of each class, in order of the labels
   */
  public record Split(int examples, List<Integer> classCounts, List<Shard> shards)
      implements Serializable {}

  /**
   * @param path from the data set's folder
   * @param sha256 of the whole file
   * @param indexSha256 of its index, which has the labels
   */
  public record Shard(String path, int examples, long bytes, String sha256, String indexSha256)
      implements Serializable {}

  /** The manifest of a folder, checked to be there. */
  public static DatasetManifest read(Location folder) {
    Location file = folder.child(FILE);
    if (!folder.exists()) {
      throw new UserException(
          "Cannot read data set %s: there is no such folder. Make one with jobs/partition.sh."
              .formatted(folder));
    }
    if (!file.exists()) {
      throw new UserException(
          "Cannot read data set %s: it has no %s, so it is not complete. Run jobs/partition.sh again."
              .formatted(folder, FILE));
    }
    String text = file.readText();
    int format = Documents.part(file.uri(), text, "format", Integer.class);
    if (format != FORMAT) {
      throw new UserException(
          "Cannot read data set %s: its format is %d, this Convoy reads %d. Run jobs/partition.sh again."
              .formatted(folder, format, FORMAT));
    }
    return Documents.fromJson(file.uri(), text, DatasetManifest.class);
  }

  /**
   * This data set with parts joined to it: their training and validation examples, seen from
   * another folder. The test split stays what it is, and so do means and deviations, so that what
   * was measured before can be compared with what is measured after.
   *
   * @param way from the folder of the joined manifest to this data set's
   * @param parts by their way from this data set's folder; each knows the classes of those before
   *     it, perhaps with more after them
   */
  public DatasetManifest with(Map<String, DatasetManifest> parts, String way, Provenance made) {
    LabelIndex all = labels;
    for (DatasetManifest part : parts.values()) {
      all = part.labels.size() > all.size() ? part.labels : all;
    }
    Map<String, Split> joined = new TreeMap<>();
    for (String name : splits.keySet()) {
      List<Split> ofParts = new ArrayList<>();
      List<Shard> shards = new ArrayList<>(moved(splits.get(name), way));
      ofParts.add(splits.get(name));
      if (!name.equals(SplitName.TEST)) {
        parts.forEach(
            (folder, part) -> {
              Split more = part.splits.get(name);
              if (more != null) {
                ofParts.add(more);
                shards.addAll(moved(more, way + folder + "/"));
              }
            });
      }
      joined.put(name, joined(ofParts, shards, all.size()));
    }
    return new DatasetManifest(
        format,
        source,
        all,
        channels,
        mean,
        standardDeviation,
        covariance,
        joined,
        rejected + parts.values().stream().mapToInt(DatasetManifest::rejected).sum(),
        skipped + parts.values().stream().mapToInt(DatasetManifest::skipped).sum(),
        duplicates,
        made);
  }

  private static List<Shard> moved(Split split, String way) {
    return split.shards().stream()
        .map(
            shard ->
                new Shard(
                    way + shard.path(),
                    shard.examples(),
                    shard.bytes(),
                    shard.sha256(),
                    shard.indexSha256()))
        .toList();
  }

  private static Split joined(List<Split> splits, List<Shard> shards, int classes) {
    int[] counts = new int[classes];
    for (Split split : splits) {
      for (int c = 0; c < split.classCounts().size(); c++) {
        counts[c] += split.classCounts().get(c);
      }
    }
    return new Split(Arrays.stream(counts).sum(), Arrays.stream(counts).boxed().toList(), shards);
  }

  public Split split(String name) {
    Split split = splits.get(name);
    if (split == null) {
      throw new UserException(
          "Cannot use split %s: the data set has %s. Name one of these."
              .formatted(name, splits.keySet()));
    }
    return split;
  }
}
