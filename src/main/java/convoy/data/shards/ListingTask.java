package convoy.data.shards;

import convoy.data.shards.SourceListing.Cell;
import convoy.data.shards.SourceListing.Part;
import convoy.data.shards.SourceListing.Stretch;
import convoy.data.sources.ImageSource;
import convoy.data.sources.PartReader;
import convoy.data.sources.SourcePart;
import convoy.data.sources.SourcePart.Skipped;
import convoy.data.sources.SourcePicture;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Counts what some parts of a source have.
 *
 * @param first number of the first of them in the source
 * @param notes where it writes down what the driver need not know
 */
record ListingTask(int first, List<SourcePart> parts, Dealer dealer, ListingNotes notes)
    implements Serializable {
  /** What a task reads and decodes in a second or two. */
  static final long STRETCH_BYTES = 16L << 20;

  /** Where the bytes are not known, and each picture is a file to open. */
  private static final int STRETCH_PICTURES = 2000;

  List<Part> run() {
    List<Part> listed = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      SourcePart part = parts.get(i);
      int number = first + i;
      listed.add(ImageSource.reading(part.name(), () -> list(part, number)));
    }
    return listed;
  }

  /** Counts of a stretch that is being read. */
  private static final class Open {
    private final long from;
    private final boolean files;
    private final Map<Cell, Integer> counts = new TreeMap<>();
    private final List<SourcePicture> pictures = new ArrayList<>();
    private long bytes;

    /**
     * @param files whether each picture is a file of its own
     */
    Open(long from, boolean files) {
      this.from = from;
      this.files = files;
    }

    void add(Cell cell, SourcePicture picture) {
      counts.merge(cell, 1, Integer::sum);
      bytes += picture.length();
      if (files) {
        pictures.add(picture);
      }
    }

    /** For whoever reads it later: nobody looks for the pictures of a large folder again. */
    void write(ListingNotes notes, int part) {
      if (files) {
        notes.found(part, from, pictures);
        pictures.clear();
      }
    }

    boolean isFull() {
      return bytes >= STRETCH_BYTES || pictures.size() >= STRETCH_PICTURES;
    }
  }

  private Part list(SourcePart part, int number) throws IOException {
    List<Skipped> skipped = new ArrayList<>();
    List<Open> stretches = new ArrayList<>();
    Open open = new Open(0, !part.isFile());
    try (PartReader reader = part.open(0, skipped::add)) {
      for (Optional<SourcePicture> picture = reader.next();
          picture.isPresent();
          picture = reader.next()) {
        open.add(cell(picture.get()), picture.get());
        if (open.isFull()) {
          open.write(notes, number);
          stretches.add(open);
          open = new Open(reader.mark(), !part.isFile());
        }
      }
    }
    if (!open.counts.isEmpty()) {
      if (!stretches.isEmpty()) {
        open.write(notes, number);
      }
      stretches.add(open);
    }
    return part(part, stretches, noted(skipped, number));
  }

  private Cell cell(SourcePicture picture) {
    return new Cell(dealer.split(picture), picture.className());
  }

  private static Part part(SourcePart part, List<Open> stretches, Map<String, Integer> skipped) {
    TreeMap<Cell, Integer> cells = new TreeMap<>();
    stretches.forEach(stretch -> stretch.counts.keySet().forEach(cell -> cells.put(cell, 0)));
    List<Cell> order = List.copyOf(cells.keySet());
    return new Part(
        part.name(),
        part.bytes(),
        part.state(),
        order,
        stretches.stream()
            .map(
                stretch ->
                    new Stretch(
                        stretch.from,
                        stretch.bytes,
                        order.stream().map(c -> stretch.counts.getOrDefault(c, 0)).toList()))
            .toList(),
        skipped);
  }

  private Map<String, Integer> noted(List<Skipped> skipped, int number) {
    Map<String, Integer> reasons = new TreeMap<>();
    if (skipped.isEmpty()) {
      return reasons;
    }
    skipped.forEach(file -> reasons.merge(file.reason(), 1, Integer::sum));
    notes.skipped(number, skipped);
    return reasons;
  }
}
