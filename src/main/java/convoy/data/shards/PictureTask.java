package convoy.data.shards;

import convoy.core.UserException;
import convoy.data.shards.SourceListing.Cell;
import convoy.data.shards.SourceListing.Part;
import convoy.data.sources.FilePart;
import convoy.data.sources.ImageSource;
import convoy.data.sources.LoosePart;
import convoy.data.sources.PartReader;
import convoy.data.sources.SourcePart;
import convoy.data.sources.SourcePicture;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** Reads some stretches of a source and makes examples of their pictures, with their places. */
record PictureTask(List<Stretch> stretches) implements Serializable {
  /** However large a source is. */
  static final int MOST_TASKS = 10_000;

  /**
   * A stretch to read.
   *
   * @param part number of the part
   * @param from and {@code digest} of {@link SourceListing.Stretch}
   * @param cells that it has pictures of, by number
   * @param firsts number in its cell of the first picture of each
   * @param counts of pictures of each, as they were when the source was listed
   */
  record Stretch(int part, long from, String digest, int[] cells, long[] firsts, int[] counts)
      implements Serializable {}

  /**
   * What all tasks share.
   *
   * @param parts of the source
   * @param notes of its listing
   * @param wanted number among those to make of each shard, -1 for those that are there
   */
  record Shared(
      List<SourcePart> parts,
      ListingNotes notes,
      List<Cell> cells,
      Dealer dealer,
      ShardPlan plan,
      int[] wanted,
      Map<String, Integer> labels,
      PictureMaker maker)
      implements Serializable {}

  /** Tasks of so much {@link SourceListing#effort}, all stretches in order. */
  static List<PictureTask> of(SourceListing listing, long effortOfTask) {
    List<PictureTask> tasks = new ArrayList<>();
    List<Stretch> open = new ArrayList<>();
    long effort = 0;
    Map<Cell, Integer> numbers = listing.numbers();
    long[] next = new long[numbers.size()];
    for (int p = 0; p < listing.parts().size(); p++) {
      Part part = listing.parts().get(p);
      int[] inAll = part.cells().stream().mapToInt(numbers::get).toArray();
      for (SourceListing.Stretch stretch : part.stretches()) {
        int[] cells = stretch.cells().stream().mapToInt(cell -> inAll[cell]).toArray();
        int[] counts = stretch.counts().stream().mapToInt(n -> n).toArray();
        long[] firsts = new long[cells.length];
        for (int c = 0; c < cells.length; c++) {
          firsts[c] = next[cells[c]];
          next[cells[c]] += counts[c];
        }
        open.add(new Stretch(p, stretch.from(), stretch.digest(), cells, firsts, counts));
        effort += stretch.effort();
        if (effort >= effortOfTask) {
          tasks.add(new PictureTask(List.copyOf(open)));
          open.clear();
          effort = 0;
        }
      }
    }
    if (!open.isEmpty()) {
      tasks.add(new PictureTask(List.copyOf(open)));
    }
    return tasks;
  }

  /** Pictures by the key that {@link ShardTask} sorts them by. */
  Iterator<Tuple2<Long, MadePicture>> run(Shared shared, ReadMeter meter) {
    Pictures reading = new Pictures(shared, meter);
    TaskContext task = TaskContext.get();
    if (task != null) {
      var unused = task.addTaskCompletionListener((TaskCompletionListener) end -> reading.close());
    }
    return reading;
  }

  private final class Pictures implements Iterator<Tuple2<Long, MadePicture>> {
    private final Shared shared;
    private final ReadMeter meter;
    private final Iterator<Stretch> stretches = PictureTask.this.stretches.iterator();
    private Stretch stretch;
    private Map<Cell, Integer> local = Map.of();
    private int[] seen = {};
    private int left;

    /** Of the picture that was read last. */
    private long length;

    private PartReader reader;
    private Tuple2<Long, MadePicture> next;

    Pictures(Shared shared, ReadMeter meter) {
      this.shared = shared;
      this.meter = meter;
    }

    @Override
    public boolean hasNext() {
      while (next == null && (left > 0 || stretches.hasNext())) {
        if (left == 0) {
          begin(stretches.next());
        } else {
          next = ImageSource.reading(part().name(), this::read);
        }
      }
      return next != null;
    }

    @Override
    public Tuple2<Long, MadePicture> next() {
      if (!hasNext()) {
        throw new NoSuchElementException("No more pictures in these stretches");
      }
      Tuple2<Long, MadePicture> found = next;
      next = null;
      return found;
    }

    /** Of a task that did not come to the end of a stretch. */
    private void close() {
      if (reader != null) {
        try {
          reader.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }

    private SourcePart part() {
      return shared.parts().get(stretch.part());
    }

    private void begin(Stretch following) {
      stretch = following;
      seen = new int[stretch.cells().length];
      local = new HashMap<>();
      for (int i = 0; i < stretch.cells().length; i++) {
        local.put(shared.cells().get(stretch.cells()[i]), i);
        left += stretch.counts()[i];
      }
      reader = ImageSource.reading(part().name(), this::open);
    }

    private PartReader open() throws IOException {
      return part() instanceof FilePart file
          ? file.open(stretch.from(), skipped -> {})
          : shared
              .notes()
              .open((LoosePart) part(), stretch.part(), stretch.from(), left, stretch.digest())
              .orElseThrow(this::changed);
    }

    /** The next picture, or nothing where its shard is there already. */
    private Tuple2<Long, MadePicture> read() throws IOException {
      SourcePicture picture = reader.next().orElseThrow(this::changed);
      Cell cell = new Cell(shared.dealer().split(picture), picture.className());
      Integer number = local.get(cell);
      if (number == null || seen[number] == stretch.counts()[number]) {
        throw changed();
      }
      long inCell = stretch.firsts()[number] + seen[number]++;
      ShardPlan.Place place = shared.plan().place(stretch.cells()[number], inCell);
      Tuple2<Long, MadePicture> made =
          shared.wanted()[place.shard()] < 0
              ? null
              : new Tuple2<>(ShardTask.key(place), make(picture));
      meter.add(length);
      length = 0;
      if (--left == 0) {
        reader.close();
      }
      return made;
    }

    private MadePicture make(SourcePicture picture) throws IOException {
      PictureMaker maker = shared.maker();
      if (picture.length() > maker.mostBytes()) {
        return maker.tooLarge(picture.path(), picture.file(), picture.length());
      }
      byte[] content = content(picture);
      length = content.length;
      // Of some sources the length is not known before.
      return content.length > maker.mostBytes()
          ? maker.tooLarge(picture.path(), picture.file(), content.length)
          : maker.make(picture.path(), picture.file(), label(picture), content, picture.raw());
    }

    private byte[] content(SourcePicture picture) throws IOException {
      try {
        return reader.content();
      } catch (OutOfMemoryError e) {
        throw PictureMaker.notEnoughHeap(picture.path(), picture.file());
      }
    }

    private int label(SourcePicture picture) {
      return Optional.ofNullable(shared.labels().get(picture.className()))
          .orElseThrow(
              () ->
                  new UserException(
                      "Cannot use %s of %s: the data set has no class %s. Remove it, or name its class otherwise."
                          .formatted(picture.path(), part().name(), picture.className())));
    }

    private UserException changed() {
      return new UserException(
          "Cannot go on with %s: it is not what it was when it was listed. Run again, and leave it alone meanwhile."
              .formatted(part().name()));
    }
  }
}
