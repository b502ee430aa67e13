package convoy.data.shards;

import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.shards.SourceListing.Cell;
import convoy.data.sources.SplitName;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where each picture goes: a function of the counts of a source and the seed, so that every task
 * can tell by itself. Pictures of a split are numbered class after class, and a permutation of
 * these numbers is their order in the shards.
 */
final class ShardPlan implements Serializable {
  /** Of shards, in the data set. */
  static final String FOLDER = "shards";

  private final int shardExamples;
  private final List<List<Range>> ranges = new ArrayList<>();
  private final TreeMap<Integer, Permutation> dealt = new TreeMap<>();
  private final TreeMap<String, Split> splits = new TreeMap<>();

  /**
   * A split.
   *
   * @param firstShard of it, in all
   */
  private record Split(long pictures, int firstShard, int shards, Permutation order)
      implements Serializable {}

  /**
   * Pictures of a cell that come to one split.
   *
   * @param end number in the cell of the first one after them
   * @param begin number in the cell of the first one of them
   * @param first number in the split of the first of them
   */
  private record Range(String split, long begin, long end, long first) implements Serializable {}

  /**
   * A place.
   *
   * @param shard in all
   * @param position in it
   */
  record Place(int shard, int position) {}

  ShardPlan(SourceListing listing, Dealer dealer, int shardExamples, long seed) {
    this.shardExamples = shardExamples;
    long[] totals = listing.totals();
    TreeMap<String, Long> pictures = new TreeMap<>();
    for (int c = 0; c < totals.length; c++) {
      ranges.add(ranges(listing.cells().get(c), totals[c], dealer, pictures));
      if (ranges.get(c).size() > 1) {
        dealt.put(c, new Permutation(totals[c], Seeds.mix(seed, c, -1)));
      }
    }
    deal(pictures, seed);
  }

  private ShardPlan(Map<String, Long> pictures, int shardExamples, long seed) {
    this.shardExamples = shardExamples;
    deal(pictures, seed);
  }

  /** A plan of splits whose pictures are numbered already. */
  static ShardPlan ofCounts(Map<String, Long> pictures, int shardExamples, long seed) {
    return new ShardPlan(new TreeMap<>(pictures), shardExamples, seed);
  }

  private void deal(Map<String, Long> pictures, long seed) {
    int first = 0;
    for (Map.Entry<String, Long> split : pictures.entrySet()) {
      int shards = Math.toIntExact((split.getValue() + shardExamples - 1) / shardExamples);
      long ownSeed = Seeds.mix(seed, split.getKey().hashCode());
      splits.put(
          split.getKey(),
          new Split(split.getValue(), first, shards, new Permutation(split.getValue(), ownSeed)));
      first += shards;
    }
  }

  private static List<Range> ranges(
      Cell cell, long total, Dealer dealer, Map<String, Long> pictures) {
    List<Range> ranges = new ArrayList<>();
    if (!cell.split().equals(Dealer.LATER)) {
      add(ranges, cell.split(), total, pictures);
    } else {
      long validation = dealer.validation(total);
      long test = dealer.test(total);
      long selection = dealer.selection(total);
      add(ranges, SplitName.VALIDATION, validation, pictures);
      add(ranges, SplitName.TEST, test, pictures);
      add(ranges, SplitName.SELECTION, selection, pictures);
      add(ranges, SplitName.TRAIN, total - validation - test - selection, pictures);
    }
    return ranges;
  }

  private static void add(
      List<Range> ranges, String split, long count, Map<String, Long> pictures) {
    if (count > 0) {
      long begin = ranges.isEmpty() ? 0 : ranges.get(ranges.size() - 1).end();
      long first = pictures.getOrDefault(split, 0L);
      ranges.add(new Range(split, begin, begin + count, first));
      pictures.put(split, first + count);
    }
  }

  /**
   * Where a picture goes.
   *
   * @param cell number of its cell
   * @param inCell number of it in its cell
   */
  Place place(int cell, long inCell) {
    // No split has the first pictures of a class alone: they may be of one day.
    long number = dealt.containsKey(cell) ? dealt.get(cell).at(inCell) : inCell;
    for (Range range : ranges.get(cell)) {
      if (number < range.end()) {
        Split split = splits.get(range.split());
        long at = split.order().at(range.first() + number - range.begin());
        return new Place(
            split.firstShard() + (int) (at / shardExamples), (int) (at % shardExamples));
      }
    }
    throw new IllegalArgumentException("Picture %d of cell %d".formatted(number, cell));
  }

  /** Shards of a split: the first one, and how many follow each other. */
  int firstShard(String split) {
    return splits.get(split).firstShard();
  }

  int shards(String split) {
    return splits.get(split).shards();
  }

  int shards() {
    return splits.values().stream().mapToInt(Split::shards).sum();
  }

  long pictures() {
    return splits.values().stream().mapToLong(Split::pictures).sum();
  }

  String split(int shard) {
    String found = "";
    for (Map.Entry<String, Split> split : splits.entrySet()) {
      if (shard >= split.getValue().firstShard()) {
        found = split.getKey();
      }
    }
    return found;
  }

  /** Path of a shard in the data set. */
  String path(int shard) {
    return FOLDER + "/" + name(shard);
  }

  String name(int shard) {
    String split = split(shard);
    return "%s-%06d.tar".formatted(split, shard - splits.get(split).firstShard());
  }

  void requireTraining() {
    if (!splits.containsKey(SplitName.TRAIN)) {
      throw new UserException(
          "Cannot partition: no picture falls into the training split (there are %s). Check splits."
              .formatted(splits.keySet()));
    }
  }
}
