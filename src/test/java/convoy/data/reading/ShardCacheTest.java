package convoy.data.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.CountedFileSystem;
import convoy.core.Digests;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.SAME_THREAD)
class ShardCacheTest {
  private static final int BYTES = 100_000;
  @TempDir Path folder;
  private final List<byte[]> contents = new ArrayList<>();
  private final List<DatasetManifest.Shard> shards = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    CountedFileSystem.register();
    for (int i = 0; i < 5; i++) {
      byte[] content = new byte[BYTES];
      new SplittableRandom(i).nextBytes(content);
      Files.write(folder.resolve(i + ".tar"), content);
      contents.add(content);
      shards.add(new DatasetManifest.Shard(i + ".tar", 1, BYTES, Digests.sha256(content), ""));
    }
  }

  private ShardCache cache(int room) {
    return new ShardCache(
        Location.of("counted:" + folder), folder.resolve("local"), (long) room * BYTES);
  }

  @Test
  void manyReadersOfFewPlacesGetTheirBytesWhoeverIsInterrupted() throws Exception {
    ShardCache cache = cache(2);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<Integer>> readers = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      SplittableRandom random = new SplittableRandom(t);
      readers.add(threads.submit(() -> read(cache, random)));
    }
    for (Future<Integer> reader : readers) {
      assertThat(reader.get(60, TimeUnit.SECONDS)).isEqualTo(300);
    }
    threads.shutdown();
    try (Stream<Path> copies = Files.list(folder.resolve("local"))) {
      assertThat(copies.count()).isLessThanOrEqualTo(2);
    }
    cache.close();
    try (Stream<Path> copies = Files.list(folder.resolve("local"))) {
      assertThat(copies).isEmpty();
    }
    assertThat(cache.read(shards.get(0), 0, 10)).isEqualTo(Arrays.copyOf(contents.get(0), 10));
  }

  /** Now and then with an interruption pending, as a reader that is closed has it. */
  private int read(ShardCache cache, SplittableRandom random) {
    int right = 0;
    while (right < 300) {
      int shard = random.nextInt(5);
      int offset = random.nextInt(BYTES - 100);
      if (random.nextInt(10) == 0) {
        Thread.currentThread().interrupt();
      }
      try {
        byte[] read = cache.read(shards.get(shard), offset, 100);
        assertThat(read).isEqualTo(Arrays.copyOfRange(contents.get(shard), offset, offset + 100));
        right++;
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("Interrupted");
      }
      boolean unused = Thread.interrupted();
    }
    return right;
  }

  @Test
  void aShardThatIsNotWhatTheManifestSaysIsNotUsed() throws IOException {
    Files.write(folder.resolve("3.tar"), new byte[BYTES]);
    ShardCache cache = cache(5);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> cache.read(shards.get(3), 0, 1))
          .hasMessageContaining("its sha256 is");
    }
    Files.write(folder.resolve("3.tar"), contents.get(3));
    assertThat(cache.read(shards.get(3), 7, 1)).containsExactly(contents.get(3)[7]);
  }
}
