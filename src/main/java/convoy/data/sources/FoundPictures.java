package convoy.data.sources;

import convoy.core.Documents;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Pictures of a {@link LoosePart} as they were found, a row of text each: to be read without
 * finding them again.
 */
public final class FoundPictures {
  private FoundPictures() {}

  /** All that is known of a picture but for where its part is, on a line. */
  public static String row(SourcePicture picture) {
    return Documents.toJsonLine(
        List.of(
            picture.split(),
            picture.className(),
            picture.group(),
            picture.name(),
            picture.length(),
            picture.modified()));
  }

  /** The pictures of some rows, in their order. */
  public static PartReader open(LoosePart part, List<String> rows) {
    return new Reader(part, rows.iterator());
  }

  private static SourcePicture picture(LoosePart part, String row) {
    List<String> cells = Documents.texts(part.name(), row);
    return new SourcePicture(
        cells.get(0),
        cells.get(1),
        cells.get(2),
        cells.get(3),
        part.file(cells.get(3)).uri(),
        Long.parseLong(cells.get(4)),
        Long.parseLong(cells.get(5)),
        Optional.empty());
  }

  private static final class Reader extends LooseReader {
    private final LoosePart part;
    private final Iterator<String> rows;

    Reader(LoosePart part, Iterator<String> rows) {
      this.part = part;
      this.rows = rows;
    }

    @Override
    Optional<SourcePicture> find() {
      return rows.hasNext() ? Optional.of(picture(part, rows.next())) : Optional.empty();
    }

    @Override
    public void close() {
      // Every file is closed when it was read.
    }
  }
}
