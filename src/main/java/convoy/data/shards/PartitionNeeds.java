package convoy.data.shards;

import convoy.cluster.LocalDisk;
import convoy.cluster.SparkContexts;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;

/** What a partition will do and need, said before it begins. */
final class PartitionNeeds {
  private static final long MEBIBYTE = 1 << 20;

  /** A decoder's image of up to eight bytes a pixel, and its samples. */
  private static final int BYTES_PER_PIXEL = 11;

  /** Of a task, for Spark's sorting of what it made; more of it goes to disk. */
  private static final long SORTING_BYTES = 64 * MEBIBYTE;

  private PartitionNeeds() {}

  /**
   * @param missing shards that have to be made, of {@code all}
   */
  static String words(
      JavaSparkContext spark,
      PartitionOptions options,
      SourceListing listing,
      int tasks,
      int missing,
      int all) {
    long task = options.images().mostPixels() * BYTES_PER_PIXEL + SORTING_BYTES;
    long share = shareOfHeap(spark);
    String words =
        "%,d pictures of %,d classes in %,d parts; %,d tasks read them for %,d shards%s, %d at the same time. A task needs up to %,d MiB of heap, for a picture of %d megapixels; it has %,d MiB. %s"
            .formatted(
                listing.pictures(),
                listing.classNames().size(),
                listing.parts().size(),
                tasks,
                missing,
                missing < all
                    ? " (%,d of %,d are there from before)".formatted(all - missing, all)
                    : "",
                SparkContexts.slots(spark),
                task / MEBIBYTE,
                options.images().mostMegapixels(),
                share / MEBIBYTE,
                disks((long) ((double) listing.bytes() * missing / all), LocalDisk.free(spark)));
    return share >= task
        ? words
        : words
            + " A picture of more than %d megapixels will stop the job; raise spark.executor.memory (locally spark.driver.memory), or lower images.most-megapixels."
                .formatted(Math.max(0, share - SORTING_BYTES) / BYTES_PER_PIXEL / 1_000_000);
  }

  /**
   * What Spark's shuffle takes.
   *
   * @param bytes of the pictures; 0 of a list's, which nobody has looked at
   */
  static String disks(long bytes, OptionalLong free) {
    String has = free.isEmpty() ? "" : ", %,d MiB free now".formatted(free.getAsLong() / MEBIBYTE);
    String takes =
        bytes == 0
            ? ""
            : ", %,d MiB together where they are not shrunk".formatted(bytes / MEBIBYTE);
    String warning =
        bytes <= free.orElse(Long.MAX_VALUE)
            ? ""
            : " That is more than is free, and may stop the job: let images.short-side shrink them, or give Spark more workers, or more disks.";
    return "All pictures are on the workers' disks (spark.local.dir%s) before the first shard is written%s.%s"
        .formatted(has, takes, warning);
  }

  /** Heap for one task of those that run at the same time in one JVM. */
  private static long shareOfHeap(JavaSparkContext spark) {
    int slots = SparkContexts.slots(spark);
    if (spark.isLocal()) {
      return Runtime.getRuntime().maxMemory() / slots;
    }
    int inOne = Math.max(1, slots / Math.max(1, SparkContexts.executors(spark)));
    return spark.getConf().getSizeAsMb("spark.executor.memory", "1g") * MEBIBYTE / inOne;
  }
}
