package convoy.data.reading;

import convoy.cluster.LocalDisk;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * The pictures of a data set as a run reads them: broadcast once, it gives each JVM one {@link
 * PictureStore} a split. What they keep goes when the broadcast is destroyed, as Spark closes it
 * then in every executor; one that is used after it was closed begins anew. A cache that changes no
 * result.
 */
public final class PictureShelf implements Serializable, AutoCloseable {
  private static final long MEBIBYTE = 1 << 20;

  /** Of copied shards, where nobody says otherwise: a data set of a million small pictures. */
  public static final int SHARD_MEBIBYTES = 20_000;

  private final Location dataset;
  private final Map<String, DatasetManifest.Split> splits;
  private final Room room;
  private transient Map<String, PictureStore> stores;
  private transient ShardCache shards;
  private transient PictureCache kept;

  /**
   * What may be kept in one JVM.
   *
   * @param heapBytes of pictures
   * @param encoded whether pictures are kept as they are in the shards: some ten times as many, to
   *     be decoded each time
   * @param diskBytes of copied shards
   */
  public record Room(long heapBytes, boolean encoded, long diskBytes) implements Serializable {

    /** Decoded pictures, and the usual disk. */
    public static Room ofMebibytes(int heap) {
      return new Room(heap * MEBIBYTE, false, SHARD_MEBIBYTES * MEBIBYTE);
    }
  }

  public PictureShelf(Location dataset, DatasetManifest manifest, Room room) {
    this.dataset = dataset;
    this.splits = new HashMap<>(manifest.splits());
    this.room = room;
  }

  /** The split's pictures, the same object for everyone in this JVM. */
  public synchronized PictureStore store(String split) {
    if (stores == null) {
      stores = new HashMap<>();
      shards = new ShardCache(dataset, LocalDisk.folder("convoy-shards"), room.diskBytes());
      kept = new PictureCache(room.heapBytes(), room.encoded());
    }
    return stores.computeIfAbsent(
        split, name -> new PictureStore(dataset, splits.get(name).shards(), shards, kept));
  }

  /** Of the manifest. */
  public DatasetManifest.Split split(String name) {
    return splits.get(name);
  }

  @Override
  public synchronized void close() {
    if (stores != null) {
      shards.close();
      kept.clear();
    }
  }
}
