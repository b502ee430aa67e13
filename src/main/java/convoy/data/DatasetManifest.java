package convoy.data;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * What a partitioned data set is. Written last: a folder without it is not complete.
 *
 * @param format version of the layout
 * @param labels in order of their numbers
 * @param mean of each channel over the training split, 0 to 255
 * @param standardDeviation of each channel
 * @param splits by name
 * @param rejected how many pictures were set aside; {@code rejected.tsv} names them
 */
public record DatasetManifest(
    int format,
    String source,
    LabelIndex labels,
    int channels,
    List<Double> mean,
    List<Double> standardDeviation,
    Map<String, Split> splits,
    int rejected,
    Provenance provenance) {
  public static final String FILE = "manifest.json";
  static final int FORMAT = 1;

  /**
   * @param classCounts examples of each class, in order of the labels
   */
  public record Split(int examples, List<Integer> classCounts, List<Shard> shards) {}

  /**
   * @param path from the data set's folder
   * @param sha256 of the whole file
   */
  public record Shard(String path, int examples, long bytes, String sha256)
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
    DatasetManifest manifest = Documents.read(file, DatasetManifest.class);
    if (manifest.format != FORMAT) {
      throw new UserException(
          "Cannot read data set %s: its format is %d, this Convoy reads %d. Run jobs/partition.sh again."
              .formatted(folder, manifest.format, FORMAT));
    }
    return manifest;
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
