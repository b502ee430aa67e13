package convoy.data;

import convoy.core.Location;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The pictures of a data set as a run reads them: broadcast once, it gives each JVM one {@link
 * PictureStore} a split, and what they keep decoded goes when the broadcast is destroyed. A cache
 * that changes no result.
 */
public final class PictureShelf implements Serializable {
  private final Location dataset;
  private final Map<String, DatasetManifest.Split> splits;
  private final long mostKeptBytes;
  private transient Map<String, PictureStore> stores;
  private transient AtomicLong roomBytes;

  /**
   * @param mostKeptBytes of decoded pictures in one JVM
   */
  public PictureShelf(Location dataset, DatasetManifest manifest, long mostKeptBytes) {
    this.dataset = dataset;
    this.splits = new HashMap<>(manifest.splits());
    this.mostKeptBytes = mostKeptBytes;
  }

  /** The split's pictures, the same object for everyone in this JVM. */
  public synchronized PictureStore store(String split) {
    if (stores == null) {
      stores = new HashMap<>();
      roomBytes = new AtomicLong(mostKeptBytes);
    }
    return stores.computeIfAbsent(
        split, name -> new PictureStore(dataset, splits.get(name).shards(), roomBytes));
  }

  /** Of the manifest. */
  public DatasetManifest.Split split(String name) {
    return splits.get(name);
  }
}
