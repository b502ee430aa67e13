package convoy.data.shards;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.pictures.ChannelStatistics;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import scala.Tuple2;

/**
 * Writes one shard of pictures that come in its order, and what came of it. Doing it again writes
 * the same bytes, so Spark may retry it.
 *
 * @param path in the data set
 * @param result file to write when the shard is whole
 */
record ShardTask(Location dataset, String path, Location result, int channels, int classes)
    implements Serializable {

  /** A picture that was set aside. */
  record Rejected(String name, String file, String reason) implements Serializable {}

  /** A picture as it is in the source. */
  record Origin(String digest, String name) implements Serializable {}

  /**
   * What became of a shard.
   *
   * @param statistics of its pictures
   * @param origins of its pictures
   */
  record Result(
      DatasetManifest.Shard shard,
      List<Rejected> rejected,
      ChannelStatistics.Sums statistics,
      List<Integer> classCounts,
      List<Origin> origins)
      implements Serializable {}

  /** Shard after shard, and in each by position. */
  static long key(ShardPlan.Place place) {
    return (long) place.shard() << Integer.SIZE | place.position();
  }

  private static int shard(long key) {
    return (int) (key >>> Integer.SIZE);
  }

  /** A partition for each shard that is wanted. */
  static final class ByShard extends Partitioner {
    private final int[] wanted;
    private final int partitions;

    ByShard(int[] wanted, int partitions) {
      this.wanted = wanted;
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return wanted[shard((long) key)];
    }
  }

  /** Returns how many pictures are in the shard. */
  int run(Iterator<Tuple2<Long, MadePicture>> pictures) {
    List<Rejected> rejected = new ArrayList<>();
    List<Origin> origins = new ArrayList<>();
    ChannelStatistics statistics = new ChannelStatistics(channels);
    Integer[] counts = new Integer[classes];
    Arrays.fill(counts, 0);
    String plain = path.substring(path.lastIndexOf('/') + 1).replace(".tar", "");
    DatasetManifest.Shard shard =
        ShardWriter.write(
            dataset,
            path,
            sink -> {
              while (pictures.hasNext()) {
                Tuple2<Long, MadePicture> next = pictures.next();
                MadePicture picture = next._2();
                if (picture.kept().isEmpty()) {
                  rejected.add(new Rejected(picture.name(), picture.file(), picture.reason()));
                  continue;
                }
                MadePicture.Example example = picture.kept().get();
                sink.accept(
                    new ShardWriter.Example(
                        "%s-%06d".formatted(plain, next._1().intValue()),
                        example.label(),
                        picture.name(),
                        example.extension(),
                        example.content()));
                statistics.add(example.statistics());
                counts[example.label()]++;
                origins.add(new Origin(picture.digest(), picture.name()));
              }
            });
    result.writeText(
        Documents.toJsonLine(
            new Result(shard, rejected, statistics.toSums(), List.of(counts), origins)));
    return shard.examples();
  }
}
