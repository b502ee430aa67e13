package convoy.data.shards;

import convoy.data.sources.SourcePart;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

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
      return stretches.stream().mapToLong(s -> s.counts().stream().mapToLong(n -> n).sum()).sum();
    }
  }

  /**
   * Pictures in a row.
   *
   * @param from the mark at which it begins
   * @param bytes that its pictures are to read, estimated where that is not known; opening files
   *     counts
   * @param counts of each of the part's cells
   * @param digest of what is known of the pictures where these are files of their own, otherwise
   *     empty
   */
  record Stretch(long from, long bytes, List<Integer> counts, String digest)
      implements Serializable {}

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
      for (int c = 0; c < part.cells().size(); c++) {
        int cell = numbers.get(part.cells().get(c));
        for (Stretch stretch : part.stretches()) {
          totals[cell] += stretch.counts().get(c);
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

  /** As those of a {@link Stretch}. */
  long bytes() {
    return parts.stream()
        .flatMap(part -> part.stretches().stream())
        .mapToLong(Stretch::bytes)
        .sum();
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
