package convoy.data.reading;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import convoy.data.shards.DatasetManifest;

/** Pictures in the heap, decoded or not, as many as there is room for. */
final class PictureCache {
  /** What an entry takes beside its bytes. */
  private static final int ENTRY_BYTES = 160;

  private final boolean encoded;
  private final Cache<Key, Kept> cache;

  private record Key(String shard, int number) {}

  /** One of the two. */
  private record Kept(Picture picture, byte[] file) {
    int bytes() {
      return ENTRY_BYTES + (file == null ? picture.bytes() : file.length);
    }
  }

  /** Gives the bytes of a picture's file. */
  interface Source {
    byte[] read();
  }

  PictureCache(long mostBytes, boolean encoded) {
    this.encoded = encoded;
    cache =
        Caffeine.newBuilder()
            .maximumWeight(mostBytes)
            .weigher((Key key, Kept kept) -> kept.bytes())
            .executor(Runnable::run)
            .build();
  }

  Picture get(DatasetManifest.Shard shard, int number, Source source)
      throws BrokenPictureException {
    Key key = new Key(shard.path(), number);
    Kept kept = cache.getIfPresent(key);
    if (kept == null) {
      byte[] file = source.read();
      kept = encoded ? new Kept(null, file) : new Kept(PictureDecoder.decode(file), null);
      cache.put(key, kept);
    }
    return kept.file() == null ? kept.picture() : PictureDecoder.decode(kept.file());
  }

  void clear() {
    cache.invalidateAll();
  }
}
