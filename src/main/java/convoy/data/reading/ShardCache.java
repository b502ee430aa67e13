package convoy.data.reading;

import convoy.core.Digests;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.shards.DatasetManifest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shards at hand: those of other file systems are fetched whole, each by one sequential read, to
 * this machine's disk, and those that were used longest ago go when there is no room. Local ones
 * are read where they are. Digests are checked when a shard is first touched.
 */
final class ShardCache {
  private static final Logger LOG = LoggerFactory.getLogger(ShardCache.class);
  private static final int COPY_BYTES = 1 << 17;
  private static final int DEADLINE_MINUTES = 60;

  private final Location dataset;
  private final Path folder;
  private final long mostBytes;

  /** In order of use; being fetched, or there. */
  private final Map<String, FutureTask<Held>> shards = new LinkedHashMap<>(16, 0.75f, true);

  private final Set<String> fetched = new HashSet<>();
  private long bytes;
  private boolean warned;

  /** A shard on the disk. Not a channel: one reader's interruption would close it for all. */
  private static final class Held {
    private final Path file;
    private final long copiedBytes;
    private final RandomAccessFile in;
    private boolean gone;

    /** Whether its bytes are counted; guarded by the cache. */
    private boolean counted;

    Held(Path file, long copiedBytes) throws IOException {
      this.file = file;
      this.copiedBytes = copiedBytes;
      in = new RandomAccessFile(file.toFile(), "r");
    }

    /** Nothing if it had to go. */
    synchronized Optional<byte[]> read(long offset, int length) throws IOException {
      if (gone) {
        return Optional.empty();
      }
      byte[] content = new byte[length];
      in.seek(offset);
      in.readFully(content);
      return Optional.of(content);
    }

    synchronized void drop() throws IOException {
      gone = true;
      in.close();
      if (copiedBytes > 0) {
        Files.deleteIfExists(file);
      }
    }
  }

  /**
   * @param folder of this machine, for copies
   * @param mostBytes of copies; one shard is kept even if it is larger
   */
  ShardCache(Location dataset, Path folder, long mostBytes) {
    this.dataset = dataset;
    this.folder = folder;
    this.mostBytes = mostBytes;
  }

  /** Bytes of a shard. */
  byte[] read(DatasetManifest.Shard shard, long offset, int length) {
    try {
      Optional<byte[]> content = Optional.empty();
      while (content.isEmpty()) {
        content = hold(shard).read(offset, length);
      }
      return content.get();
    } catch (IOException e) {
      throw new UserException(
          "Cannot read shard %s: %s. Check the disk, or run jobs/partition.sh again."
              .formatted(dataset.child(shard.path()), e.getMessage()),
          e);
    }
  }

  /** Whoever asks first fetches; others of the same shard wait for it, of other shards don't. */
  private Held hold(DatasetManifest.Shard shard) {
    FutureTask<Held> mine = new FutureTask<>(() -> open(shard));
    FutureTask<Held> first;
    synchronized (this) {
      first = shards.computeIfAbsent(shard.path(), path -> mine);
    }
    boolean own = first == mine;
    if (own) {
      mine.run();
    }
    try {
      Held found = first.get(DEADLINE_MINUTES, TimeUnit.MINUTES);
      if (own) {
        keep(shard, found, first);
      }
      return found;
    } catch (ExecutionException e) {
      forget(shard, first);
      if (!own) {
        // It may have failed for a reason of the other one, such as its interruption.
        return hold(shard);
      }
      if (e.getCause() instanceof UserException cause) {
        throw cause;
      }
      throw new IllegalStateException("Cannot get shard " + shard.path(), e.getCause());
    } catch (TimeoutException e) {
      throw new UserException(
          "Cannot read shard %s: it was not fetched within %d minutes. Look at the file system."
              .formatted(dataset.child(shard.path()), DEADLINE_MINUTES),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while a shard was fetched", e);
    }
  }

  private synchronized void forget(DatasetManifest.Shard shard, FutureTask<Held> failed) {
    shards.remove(shard.path(), failed);
  }

  private Held open(DatasetManifest.Shard shard) {
    Location place = dataset.child(shard.path());
    try {
      Optional<Path> local = place.localPath();
      return local.isPresent() ? checked(place, local.get(), shard) : fetch(place, shard);
    } catch (IOException e) {
      throw new UserException(
          "Cannot keep shard %s in %s: %s. Make room there, set spark.local.dir, or lower shard-cache-mebibytes."
              .formatted(place, folder, e.getMessage()),
          e);
    }
  }

  private static Held checked(Location place, Path file, DatasetManifest.Shard shard)
      throws IOException {
    try (InputStream in = place.open()) {
      copy(place, in, OutputStream.nullOutputStream(), shard);
    }
    return new Held(file, 0);
  }

  private Held fetch(Location place, DatasetManifest.Shard shard) throws IOException {
    warnOfSecondFetch(shard);
    Files.createDirectories(folder);
    Path file = Files.createTempFile(folder, "shard", ".tar");
    boolean whole = false;
    try (InputStream in = place.open();
        OutputStream out = Files.newOutputStream(file)) {
      copy(place, in, out, shard);
      whole = true;
    } finally {
      if (!whole) {
        Files.deleteIfExists(file);
      }
    }
    return new Held(file, shard.bytes());
  }

  private synchronized void warnOfSecondFetch(DatasetManifest.Shard shard) {
    if (!fetched.add(shard.path()) && !warned) {
      warned = true;
      LOG.warn(
          "Shards are fetched again, as {} has no room for all of them: raise shard-cache-mebibytes, or set training.shuffle-window-shards",
          folder);
    }
  }

  private static void copy(
      Location place, InputStream from, OutputStream to, DatasetManifest.Shard shard)
      throws IOException {
    DigestInputStream in = new DigestInputStream(from, Digests.sha256());
    byte[] buffer = new byte[COPY_BYTES];
    while (true) {
      int read;
      try {
        read = in.read(buffer);
      } catch (IOException e) {
        throw new UserException(
            "Cannot read shard %s: %s. Check the disk.".formatted(place, e.getMessage()), e);
      }
      if (read < 0) {
        break;
      }
      to.write(buffer, 0, read);
    }
    requireDigest(place, Digests.hex(in.getMessageDigest().digest()), shard.sha256());
  }

  static void requireDigest(Location place, String found, String wanted) {
    if (!found.equals(wanted)) {
      throw new UserException(
          "Cannot use shard %s: its sha256 is %s, the manifest says %s. Fetch it again or run jobs/partition.sh."
              .formatted(
                  place,
                  found.substring(0, 12),
                  wanted.substring(0, Math.min(12, wanted.length()))));
    }
  }

  /** Counts a new one, and lets those go that were used longest ago. */
  private synchronized void keep(
      DatasetManifest.Shard latest, Held copy, FutureTask<Held> fetched) {
    if (shards.get(latest.path()) != fetched) {
      // All was given back meanwhile.
      drop(copy);
      return;
    }
    bytes += copy.copiedBytes;
    copy.counted = true;
    for (Iterator<Map.Entry<String, FutureTask<Held>>> eldest = shards.entrySet().iterator();
        bytes > mostBytes && eldest.hasNext(); ) {
      Map.Entry<String, FutureTask<Held>> entry = eldest.next();
      Optional<Held> old = there(entry.getValue());
      if (old.isPresent() && old.get().counted && !entry.getKey().equals(latest.path())) {
        eldest.remove();
        bytes -= old.get().copiedBytes;
        drop(old.get());
      }
    }
  }

  /** What is fetched already. */
  private static Optional<Held> there(FutureTask<Held> shard) {
    try {
      return shard.isDone() ? Optional.of(shard.get()) : Optional.empty();
    } catch (ExecutionException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static void drop(Held copy) {
    try {
      copy.drop();
    } catch (IOException e) {
      LOG.warn("Cannot remove {}", copy.file, e);
    }
  }

  /** Gives all of it back; whoever reads on fetches anew. */
  synchronized void close() {
    shards.values().forEach(shard -> there(shard).ifPresent(ShardCache::drop));
    shards.clear();
    fetched.clear();
    bytes = 0;
  }
}
