package convoy.data;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The pictures of one split, read from its shards and kept decoded as long as there is room; shared
 * by the tasks of a JVM. A shard's digest is checked when the shard is first touched.
 */
public final class PictureStore {
  private static final int COPY_BYTES = 1 << 16;

  private final Location dataset;
  private final List<DatasetManifest.Shard> shards;
  private final int[] firstExample;
  private final AtomicReferenceArray<ShardIndex> indexes;
  private final Picture[] kept;
  private final AtomicLong roomBytes;

  /**
   * @param shards of the split, in the manifest's order
   * @param roomBytes left for decoded pictures; may be shared with other stores
   */
  PictureStore(Location dataset, List<DatasetManifest.Shard> shards, AtomicLong roomBytes) {
    this.dataset = dataset;
    this.shards = shards;
    this.roomBytes = roomBytes;
    firstExample = new int[shards.size() + 1];
    for (int i = 0; i < shards.size(); i++) {
      firstExample[i + 1] = firstExample[i] + shards.get(i).examples();
    }
    indexes = new AtomicReferenceArray<>(shards.size());
    kept = new Picture[firstExample[shards.size()]];
  }

  public int examples() {
    return kept.length;
  }

  public int label(int example) {
    return entry(example).label();
  }

  public ShardIndex.Entry entry(int example) {
    int shard = shardOf(example);
    return index(shard).entries().get(example - firstExample[shard]);
  }

  public Picture picture(int example) {
    Picture picture = kept[example];
    if (picture == null) {
      picture = read(example);
      long bytes = picture.samples().length;
      if (roomBytes.addAndGet(-bytes) >= 0) {
        kept[example] = picture;
      } else {
        roomBytes.addAndGet(bytes);
      }
    }
    return picture;
  }

  private Picture read(int example) {
    ShardIndex.Entry entry = entry(example);
    Location shard = dataset.child(shards.get(shardOf(example)).path());
    byte[] file = new byte[entry.length()];
    shard.readFully(entry.offset(), file);
    try {
      return PictureDecoder.decode(file);
    } catch (BrokenPictureException e) {
      throw new UserException(
          "Cannot decode %s of %s: it %s. Run jobs/partition.sh again."
              .formatted(entry.key(), shard, e.getMessage()),
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
      Location location = dataset.child(file.path());
      checkDigest(location, file.sha256());
      Location indexFile = dataset.child(ShardIndex.path(file.path()));
      ShardIndex index = Documents.read(indexFile, ShardIndex.class);
      if (index.entries().size() != file.examples()) {
        throw new UserException(
            "Cannot use %s: it lists %d examples, the manifest says %d. Run jobs/partition.sh again."
                .formatted(indexFile, index.entries().size(), file.examples()));
      }
      indexes.set(shard, index);
      return index;
    }
  }

  private static void checkDigest(Location file, String wanted) {
    try (DigestInputStream in = new DigestInputStream(file.open(), Digests.sha256())) {
      drain(in);
      String found = Digests.hex(in.getMessageDigest().digest());
      if (!found.equals(wanted)) {
        throw new UserException(
            "Cannot use shard %s: its sha256 is %s, the manifest says %s. Fetch it again or run jobs/partition.sh."
                .formatted(
                    file,
                    found.substring(0, 12),
                    wanted.substring(0, Math.min(12, wanted.length()))));
      }
    } catch (IOException e) {
      throw new UserException(
          "Cannot read shard %s: %s. Check the disk.".formatted(file, e.getMessage()), e);
    }
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[COPY_BYTES];
    int read;
    do {
      read = in.read(buffer);
    } while (read >= 0);
  }
}
