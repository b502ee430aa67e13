package convoy.data.reading;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.ShardIndex;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The pictures of one split; shared by the tasks of a JVM. */
public final class PictureStore {
  private final Location dataset;
  private final List<DatasetManifest.Shard> shards;
  private final int[] firstExample;
  private final AtomicReferenceArray<ShardIndex> indexes;
  private final ShardCache files;
  private final PictureCache kept;

  /**
   * @param shards of the split, in the manifest's order
   * @param files and {@code kept}: may be shared with other stores
   */
  PictureStore(
      Location dataset, List<DatasetManifest.Shard> shards, ShardCache files, PictureCache kept) {
    this.dataset = dataset;
    this.shards = shards;
    this.files = files;
    this.kept = kept;
    firstExample = new int[shards.size() + 1];
    for (int i = 0; i < shards.size(); i++) {
      firstExample[i + 1] = firstExample[i] + shards.get(i).examples();
    }
    indexes = new AtomicReferenceArray<>(shards.size());
  }

  public int examples() {
    return firstExample[shards.size()];
  }

  public int label(int example) {
    return entry(example).label();
  }

  public ShardIndex.Entry entry(int example) {
    int shard = shardOf(example);
    return index(shard).entries().get(example - firstExample[shard]);
  }

  /** The picture's file as it is in its shard. */
  public byte[] file(int example) {
    ShardIndex.Entry entry = entry(example);
    return files.read(shards.get(shardOf(example)), entry.offset(), entry.length());
  }

  public Picture picture(int example) {
    DatasetManifest.Shard shard = shards.get(shardOf(example));
    ShardIndex.Entry entry = entry(example);
    try {
      return kept.get(shard, example, () -> file(example));
    } catch (BrokenPictureException e) {
      throw new UserException(
          "Cannot decode %s of %s: it %s. Run jobs/partition.sh again."
              .formatted(entry.key(), dataset.child(shard.path()), e.getMessage()),
          e);
    }
  }

  private int shardOf(int example) {
    int found = Arrays.binarySearch(firstExample, example);
    int shard = found >= 0 ? found : -found - 2;
    // Shards without examples share their first example with the next one.
    while (firstExample[shard + 1] == example) {
      shard++;
    }
    return shard;
  }

  private ShardIndex index(int shard) {
    ShardIndex known = indexes.get(shard);
    return known == null ? readIndex(shard) : known;
  }

  /** Locked by shard: other shards are read meanwhile. */
  private ShardIndex readIndex(int shard) {
    DatasetManifest.Shard file = shards.get(shard);
    synchronized (file) {
      if (indexes.get(shard) != null) {
        return indexes.get(shard);
      }
      Location place = dataset.child(ShardIndex.path(file.path()));
      String text = place.readText();
      ShardCache.requireDigest(place, Digests.sha256(text), file.indexSha256());
      ShardIndex index = Documents.fromJson(place.uri(), text, ShardIndex.class);
      indexes.set(shard, index);
      return index;
    }
  }
}
