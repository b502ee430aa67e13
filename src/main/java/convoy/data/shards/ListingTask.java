package convoy.data.shards;

import convoy.data.shards.ListingNotes.Rows;
import convoy.data.shards.SourceListing.Cell;
import convoy.data.shards.SourceListing.Part;
import convoy.data.shards.SourceListing.Stretch;
import convoy.data.sources.ImageSource;
import convoy.data.sources.LoosePart;
import convoy.data.sources.MarkedReader;
import convoy.data.sources.PartReader;
import convoy.data.sources.SourcePart;
import convoy.data.sources.SourcePart.Skipped;
import convoy.data.sources.SourcePicture;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Counts what some parts of a source have.
 *
 * @param first number of the first of them in the source
 * @param notes where it writes down what the driver need not know; null where nobody reads on
 */
record ListingTask(int first, List<SourcePart> parts, Dealer dealer, ListingNotes notes)
    implements Serializable {
  /** What a task reads and decodes in a second or two. */
  static final long STRETCH_BYTES = 16L << 20;

  /**
   * @param read is told of bytes that were passed, while the task runs
   */
  List<Part> run(LongConsumer read) {
    List<Part> listed = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      SourcePart part = parts.get(i);
      int number = first + i;
      listed.add(ImageSource.reading(part.name(), () -> list(part, number, read)));
    }
    return listed;
  }

  private Part list(SourcePart part, int number, LongConsumer read) throws IOException {
    Counting counting = new Counting(part, read);
    if (part instanceof LoosePart && notes != null) {
      notes.found(number).write(out -> counting.count(new Rows(out)));
    } else {
      counting.count(new Rows(OutputStream.nullOutputStream()));
    }
    return counting.result(number);
  }

  /** A stretch that is being counted. */
  private static final class Open {
    private final long from;
    private final Map<Cell, Integer> counts = new TreeMap<>();
    private long bytes;
    private int files;
    private String digest = "";

    Open(long from) {
      this.from = from;
    }

    Stretch counted(List<Cell> ofPart) {
      return new Stretch(
          from,
          bytes,
          counts.keySet().stream().map(cell -> Collections.binarySearch(ofPart, cell)).toList(),
          List.copyOf(counts.values()),
          digest);
    }
  }

  /** Of one part, to be done once. */
  private final class Counting {
    private final SourcePart part;
    private final boolean loose;
    private final LongConsumer read;
    private final List<Skipped> skipped = new ArrayList<>();
    private final List<Open> stretches = new ArrayList<>();

    Counting(SourcePart part, LongConsumer read) {
      this.part = part;
      this.read = read;
      loose = part instanceof LoosePart;
    }

    /**
     * @param rows to write loose pictures down in
     */
    void count(Rows rows) throws IOException {
      try (PartReader reader = part.open(skipped::add)) {
        Open open = new Open(0);
        for (Optional<SourcePicture> picture = reader.next();
            picture.isPresent();
            picture = reader.next()) {
          add(picture.get(), open, rows);
          if (Stretch.effort(open.bytes, open.files) >= STRETCH_BYTES) {
            end(open, rows);
            open = new Open(reader instanceof MarkedReader marked ? marked.mark() : rows.mark());
          }
        }
        if (!open.counts.isEmpty()) {
          end(open, rows);
        }
      }
      if (!loose) {
        // What is in the part beside pictures' contents.
        read.accept(part.bytes() - stretches.stream().mapToLong(stretch -> stretch.bytes).sum());
      }
    }

    private void add(SourcePicture picture, Open open, Rows rows) throws IOException {
      Cell cell = new Cell(dealer.split(picture), picture.className());
      open.counts.merge(cell, 1, Integer::sum);
      open.bytes += Math.max(0, picture.length());
      if (loose) {
        open.files++;
        rows.add(picture);
      } else {
        read.accept(picture.length());
      }
    }

    private void end(Open open, Rows rows) {
      open.digest = loose ? rows.digest() : "";
      stretches.add(open);
    }

    Part result(int number) {
      TreeSet<Cell> cells = new TreeSet<>();
      stretches.forEach(stretch -> cells.addAll(stretch.counts.keySet()));
      List<Cell> order = List.copyOf(cells);
      Map<String, Integer> reasons = new TreeMap<>();
      skipped.forEach(file -> reasons.merge(file.reason(), 1, Integer::sum));
      if (!skipped.isEmpty() && notes != null) {
        notes.skipped(number, skipped);
      }
      return new Part(
          part.name(),
          part.bytes(),
          order,
          stretches.stream().map(stretch -> stretch.counted(order)).toList(),
          reasons);
    }
  }
}
