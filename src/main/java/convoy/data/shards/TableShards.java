package convoy.data.shards;

import convoy.core.Digests;
import java.io.Serializable;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Makes shards of a table's pictures, in order of a digest of their content: the same pictures give
 * the same shards, whoever has them in whatever order.
 */
record TableShards(ShardPlan plan, PictureMaker maker, ReadMeter meter) implements Serializable {
  private static final String TABLE = "the table";

  /** Where a picture goes. */
  private record Key(String split, String digest, int label) implements Serializable {}

  private static final class ByDigest implements Comparator<Key>, Serializable {
    @Override
    public int compare(Key a, Key b) {
      int digests = a.digest.compareTo(b.digest);
      return digests != 0 ? digests : Integer.compare(a.label, b.label);
    }
  }

  /** A partition a shard. */
  private static final class ByShard extends Partitioner {
    private final ShardPlan plan;

    ByShard(ShardPlan plan) {
      this.plan = plan;
    }

    @Override
    public int numPartitions() {
      return plan.shards();
    }

    @Override
    public int getPartition(Object key) {
      Key wanted = (Key) key;
      long digest = Long.parseLong(wanted.digest.substring(0, 12), 16);
      return plan.firstShard(wanted.split) + (int) (digest % plan.shards(wanted.split));
    }
  }

  /**
   * @param writes a task for each shard
   */
  JavaRDD<Integer> write(JavaRDD<LabelledPicture> pictures, List<ShardTask> writes) {
    JavaPairRDD<Key, LabelledPicture> keyed =
        pictures.mapToPair(
            picture ->
                new Tuple2<>(
                    new Key(picture.split(), Digests.sha256(picture.file()), picture.label()),
                    picture));
    return keyed
        .repartitionAndSortWithinPartitions(new ByShard(plan), new ByDigest())
        .mapPartitionsWithIndex(
            (i, some) -> List.of(writes.get(i).run(new Made(maker, meter, some))).iterator(),
            false);
  }

  /** Makes examples of pictures as they come. */
  private static final class Made implements Iterator<Tuple2<Long, MadePicture>> {
    private final PictureMaker maker;
    private final ReadMeter meter;
    private final Iterator<Tuple2<Key, LabelledPicture>> pictures;
    private long position;

    Made(PictureMaker maker, ReadMeter meter, Iterator<Tuple2<Key, LabelledPicture>> pictures) {
      this.maker = maker;
      this.meter = meter;
      this.pictures = pictures;
    }

    @Override
    public boolean hasNext() {
      return pictures.hasNext();
    }

    @Override
    public Tuple2<Long, MadePicture> next() {
      Tuple2<Key, LabelledPicture> next = pictures.next();
      LabelledPicture picture = next._2();
      meter.add(picture.file().length);
      return new Tuple2<>(
          position++,
          maker.make(next._1().digest(), TABLE, picture.label(), picture.file(), Optional.empty()));
    }
  }
}
