package convoy.data.shards;

import convoy.data.sources.SourcePart;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What a source has, counted: no picture is named. A part is cut into stretches, each of which a
 * task can read without what is before it.
 *
 * @param cells kinds of pictures, in order
 * @param parts as the source has them
 */
record SourceListing(List<Cell> cells, List<Part> parts) {

  /**
   * Pictures that are dealt alike.
   *
   * @param split that they fall into, or {@link Dealer#LATER}
   */
  record Cell(String split, String className) implements Comparable<Cell>, Serializable {
    @Override
    public int compareTo(Cell other) {
      int splits = split.compareTo(other.split);
      return splits != 0 ? splits : className.compareTo(other.className);
    }
  }

  /**
   * A part of the source.
   *
   * @param name and {@code bytes} as {@link SourcePart} has them
   * @param cells that it has pictures of, in order
   * @param skipped files by reason
   */
  record Part(
      String name,
      long bytes,
      List<Cell> cells,
      List<Stretch> stretches,
      Map<String, Integer> skipped)
      implements Serializable {

    long pictures() {
      return stretches.stream().mapToLong(Stretch::pictures).sum();
    }
  }

  /**
   * Pictures in a row.
   *
   * @param from the mark at which it begins
   * @param bytes that its pictures have, as far as that is known
   * @param cells numbers of those of the part's cells that it has pictures of
   * @param counts of each of these
   * @param digest of what is known of the pictures where these are files of their own, otherwise
   *     empty
   */
  record Stretch(long from, long bytes, List<Integer> cells, List<Integer> counts, String digest)
      implements Serializable {
    private static final long OPENING_BYTES = 8L << 10;

    /** Of a file whose length nobody has looked at: as ImageNet's have. */
    private static final long USUAL_BYTES = 110L << 10;

    long pictures() {
      return counts.stream().mapToLong(n -> n).sum();
    }

    long effort() {
      return effort(bytes, digest.isEmpty() ? 0 : pictures());
    }

    /**
     * What it takes to read, in bytes of a file that is read forwards.
     *
     * @param bytes 0 where nobody knows
     * @param files to open
     */
    static long effort(long bytes, long files) {
      return (bytes == 0 ? files * USUAL_BYTES : bytes) + files * OPENING_BYTES;
    }
  }

  static SourceListing of(List<Part> parts) {
    TreeSet<Cell> cells = new TreeSet<>();
    parts.forEach(part -> cells.addAll(part.cells()));
    return new SourceListing(List.copyOf(cells), parts);
  }

  /** Pictures of each cell. */
  long[] totals() {
    long[] totals = new long[cells.size()];
    Map<Cell, Integer> numbers = numbers();
    for (Part part : parts) {
      int[] inAll = part.cells().stream().mapToInt(numbers::get).toArray();
      for (Stretch stretch : part.stretches()) {
        for (int c = 0; c < stretch.cells().size(); c++) {
          totals[inAll[stretch.cells().get(c)]] += stretch.counts().get(c);
        }
      }
    }
    return totals;
  }

  Map<Cell, Integer> numbers() {
    Map<Cell, Integer> numbers = new TreeMap<>();
    cells.forEach(cell -> numbers.put(cell, numbers.size()));
    return numbers;
  }

  long pictures() {
    return parts.stream().mapToLong(Part::pictures).sum();
  }

  /** Of all pictures, as far as that is known. */
  long bytes() {
    return stretches().mapToLong(Stretch::bytes).sum();
  }

  /** As that of a {@link Stretch}. */
  long effort() {
    return stretches().mapToLong(Stretch::effort).sum();
  }

  private Stream<Stretch> stretches() {
    return parts.stream().flatMap(part -> part.stretches().stream());
  }

  List<String> classNames() {
    return cells.stream().map(Cell::className).distinct().toList();
  }

  /** Skipped files by reason. */
  Map<String, Integer> skipped() {
    Map<String, Integer> skipped = new TreeMap<>();
    parts.forEach(part -> part.skipped().forEach((why, n) -> skipped.merge(why, n, Integer::sum)));
    return skipped;
  }
}
