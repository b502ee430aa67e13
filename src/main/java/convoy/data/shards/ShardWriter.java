package convoy.data.shards;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Tars;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Writes one shard: a plain tar in the WebDataset convention, and its index. Names inside are ours,
 * so nothing that a source calls its pictures can point anywhere.
 */
final class ShardWriter {

  /** One example to write; {@code extension} is {@code jpg} or {@code png}. */
  record Example(String key, int label, String name, String extension, byte[] file) {}

  /** Hands out examples one after the other. */
  @FunctionalInterface
  interface Examples {
    void forEach(Sink sink) throws IOException;
  }

  /** Takes an example. */
  @FunctionalInterface
  interface Sink {
    void accept(Example example) throws IOException;
  }

  private ShardWriter() {}

  static DatasetManifest.Shard write(Location dataset, String path, Examples examples) {
    MessageDigest digest = Digests.sha256();
    List<ShardIndex.Entry> entries = new ArrayList<>();
    long[] bytes = new long[1];
    dataset
        .child(path)
        .write(out -> bytes[0] = writeTar(new DigestOutputStream(out, digest), examples, entries));
    String index = Documents.toJsonLine(new ShardIndex(entries));
    dataset.child(ShardIndex.path(path)).writeText(index);
    return new DatasetManifest.Shard(
        path, entries.size(), bytes[0], Digests.hex(digest.digest()), Digests.sha256(index));
  }

  private static long writeTar(OutputStream out, Examples examples, List<ShardIndex.Entry> entries)
      throws IOException {
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      examples.forEach(
          example -> {
            long offset = Tars.put(tar, example.key() + "." + example.extension(), example.file());
            String label = Integer.toString(example.label());
            Tars.put(tar, example.key() + ".cls", label.getBytes(StandardCharsets.US_ASCII));
            entries.add(
                new ShardIndex.Entry(
                    example.key(), example.label(), offset, example.file().length, example.name()));
          });
      tar.finish();
      return tar.getBytesWritten();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
