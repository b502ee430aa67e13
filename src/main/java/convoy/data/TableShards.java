package convoy.data;

import convoy.core.Digests;
import convoy.core.Location;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Makes shards of a table's pictures, in order of a digest of their content: the same pictures give
 * the same shards, whoever has them in whatever order.
 *
 * @param shards of each split
 */
record TableShards(
    Location output, Map<String, Integer> shards, int classes, ShardTask.Options options)
    implements Serializable {

  /** Where a picture goes. */
  private record Key(String split, String digest, int label) implements Serializable {}

  private static final class ByDigest implements Comparator<Key>, Serializable {
    @Override
    public int compare(Key a, Key b) {
      int digests = a.digest.compareTo(b.digest);
      return digests != 0 ? digests : Integer.compare(a.label, b.label);
    }
  }

  /** A partition a shard, split after split. */
  private static final class ByShard extends Partitioner {
    private final TreeMap<String, Integer> shards;

    ByShard(Map<String, Integer> shards) {
      this.shards = new TreeMap<>(shards);
    }

    @Override
    public int numPartitions() {
      return shards.values().stream().mapToInt(n -> n).sum();
    }

    @Override
    public int getPartition(Object key) {
      Key wanted = (Key) key;
      int before = shards.headMap(wanted.split).values().stream().mapToInt(n -> n).sum();
      long digest = Long.parseLong(wanted.digest.substring(0, 12), 16);
      return before + (int) (digest % shards.get(wanted.split));
    }

    String path(int partition) {
      int before = 0;
      for (Map.Entry<String, Integer> split : shards.entrySet()) {
        if (partition < before + split.getValue()) {
          return "shards/%s-%06d.tar".formatted(split.getKey(), partition - before);
        }
        before += split.getValue();
      }
      throw new IllegalArgumentException("Partition " + partition + " of " + numPartitions());
    }
  }

  JavaRDD<ShardTask.Result> write(JavaRDD<LabelledPicture> pictures) {
    ByShard places = new ByShard(shards);
    JavaPairRDD<Key, LabelledPicture> keyed =
        pictures.mapToPair(
            picture ->
                new Tuple2<>(
                    new Key(picture.split(), Digests.sha256(picture.file()), picture.label()),
                    picture));
    return keyed
        .repartitionAndSortWithinPartitions(places, new ByDigest())
        .mapPartitionsWithIndex(
            (i, some) -> List.of(shard(places.path(i), some)).iterator(), false);
  }

  private ShardTask.Result shard(String path, Iterator<Tuple2<Key, LabelledPicture>> pictures) {
    List<ShardTask.Rejected> rejected = new ArrayList<>();
    ChannelStatistics statistics = new ChannelStatistics(options.channels());
    int[] classCounts = new int[classes];
    ExampleMaker maker = new ExampleMaker(path, options, statistics);
    DatasetManifest.Shard shard =
        ShardWriter.write(
            output,
            path,
            sink -> {
              for (int i = 0; pictures.hasNext(); i++) {
                Tuple2<Key, LabelledPicture> next = pictures.next();
                String name = next._1().digest();
                try {
                  sink.accept(maker.ofFile(i, next._2().label(), name, next._2().file()));
                  classCounts[next._2().label()]++;
                } catch (BrokenPictureException e) {
                  rejected.add(new ShardTask.Rejected("the table", name, e.getMessage()));
                }
              }
            });
    return new ShardTask.Result(shard, rejected, statistics, classCounts);
  }
}
