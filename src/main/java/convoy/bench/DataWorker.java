package convoy.bench;

import convoy.cluster.SparkContexts;
import convoy.core.CountedFileSystem;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.PictureDecoder;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.shards.PartitionOptions;
import convoy.data.sources.ImagenetTars;
import convoy.data.sources.SplitName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/** One case of the data suite, as a process of its own. */
final class DataWorker {
  private static final int SHARD_EXAMPLES = 1000;

  /** Decoded from memory as the bare decoder's measure. */
  private static final int BARE = 2000;

  /** What the process prints. */
  record Rows(List<DataRow> rows) {}

  private DataWorker() {}

  /**
   * @param arguments {@code large} or {@code tiny}; pictures; a folder
   */
  public static void main(String[] arguments) {
    boolean large = arguments[0].equals("large");
    int pictures = Integer.parseInt(arguments[1]);
    Location folder = Location.of(arguments[2]);
    Location tar = folder.child("source").child("train.tar");
    long bytes = (large ? new NestedTars(375, 500) : new NestedTars(32, 32)).write(tar, pictures);
    CountedFileSystem.register();
    List<DataRow> rows = new ArrayList<>();
    HeapPeak heap = HeapPeak.begin();
    DatasetManifest manifest;
    CountedFileSystem.reset();
    long begin = System.nanoTime();
    try (JavaSparkContext spark = SparkContexts.open("bench")) {
      manifest = partition(spark, tar, folder.child("set"));
    }
    rows.add(row(large ? "partition" : "partition-tiny", pictures, bytes, begin, heap.mebibytes()));
    if (large) {
      rows.addAll(reading(folder.child("set"), manifest));
    }
    WorkerProcess.print(new Rows(rows));
  }

  private static DatasetManifest partition(JavaSparkContext spark, Location tar, Location output) {
    PartitionOptions options =
        new PartitionOptions(
            new PartitionOptions.Splits(PartitionOptions.SplitRule.SOURCE, 0, 0, Optional.empty()),
            new PartitionOptions.Images(PartitionOptions.Images.Color.RGB, Optional.empty(), 0.9),
            SHARD_EXAMPLES,
            0,
            1);
    return new DatasetPartitioner(spark, options, System.err::println)
        .partition(
            new ImagenetTars(
                "counted:" + tar.uri(), Optional.empty(), Optional.empty(), Optional.empty()),
            output,
            Provenance.of(List.of("bench")),
            false)
        .manifest();
  }

  /**
   * Two workers, as in a training: the first epoch, the next one, and what decoding alone takes.
   */
  private static List<DataRow> reading(Location set, DatasetManifest manifest) {
    DatasetManifest.Split train = manifest.split(SplitName.TRAIN);
    long bytes = train.shards().stream().mapToLong(DatasetManifest.Shard::bytes).sum();
    int workers = Runtime.getRuntime().availableProcessors();
    PictureShelf shelf =
        new PictureShelf(
            Location.of("counted:" + set.uri()), manifest, PictureShelf.Room.ofMebibytes(0));
    PictureStore store = shelf.store(SplitName.TRAIN);
    int[] shards = train.shards().stream().mapToInt(DatasetManifest.Shard::examples).toArray();
    List<DataRow> rows = new ArrayList<>();
    for (int epoch = 0; epoch < 2; epoch++) {
      EpochPlan plan =
          EpochPlan.of(shards, new EpochPlan.Layout(workers, 32, Integer.MAX_VALUE, 0), 1, epoch);
      CountedFileSystem.reset();
      long begin = System.nanoTime();
      together(
          workers,
          worker ->
              plan.slice(0, worker).stream().flatMapToInt(Arrays::stream).forEach(store::picture));
      rows.add(row(epoch == 0 ? "read-cold" : "read-warm", train.examples(), bytes, begin, 0));
    }
    rows.add(bare(store, workers, bytes / train.examples()));
    shelf.close();
    return rows;
  }

  private static DataRow bare(PictureStore store, int workers, long bytesEach) {
    List<byte[]> files = IntStream.range(0, BARE).mapToObj(store::file).toList();
    CountedFileSystem.reset();
    long begin = System.nanoTime();
    together(
        workers,
        worker -> {
          for (int i = worker; i < files.size(); i += workers) {
            try {
              var unused = PictureDecoder.decode(files.get(i));
            } catch (BrokenPictureException e) {
              throw new IllegalStateException(e);
            }
          }
        });
    return row("decode", files.size(), bytesEach * files.size(), begin, 0);
  }

  private static void together(int workers, IntConsumer work) {
    ExecutorService threads = Executors.newFixedThreadPool(workers);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int w = 0; w < workers; w++) {
        int worker = w;
        all.add(threads.submit(() -> work.accept(worker)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while reading", e);
    } catch (ExecutionException e) {
      throw new UserException("Cannot read the drawn pictures: " + e.getCause().getMessage(), e);
    } finally {
      threads.shutdownNow();
    }
  }

  private static DataRow row(String what, long pictures, long bytes, long begin, long heap) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new DataRow(
        what,
        pictures,
        seconds,
        pictures / seconds,
        bytes / 1e6 / seconds,
        CountedFileSystem.BYTES.get(),
        CountedFileSystem.OPENS.get(),
        heap);
  }
}
