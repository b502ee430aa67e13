package convoy.data.sources;

import convoy.core.Location;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Pictures that are files, as they were found: to be read without finding them again, where that
 * takes a look at all of a large folder or list.
 */
public record FoundPictures(List<Found> pictures) {

  /**
   * A picture; components as of {@link SourcePicture}.
   *
   * @param length 0 where it is not known
   */
  public record Found(
      String split, String className, String group, String name, String file, long length) {}

  public static FoundPictures of(List<SourcePicture> pictures) {
    return new FoundPictures(
        pictures.stream()
            .map(
                p -> new Found(p.split(), p.className(), p.group(), p.name(), p.file(), p.length()))
            .toList());
  }

  /** The same pictures in the same order. */
  public PartReader open() {
    return new Reader(pictures.iterator());
  }

  private static final class Reader implements PartReader {
    private final Iterator<Found> left;
    private Found current;
    private long row;

    Reader(Iterator<Found> left) {
      this.left = left;
    }

    @Override
    public Optional<SourcePicture> next() {
      if (!left.hasNext()) {
        return Optional.empty();
      }
      current = left.next();
      row++;
      return Optional.of(
          new SourcePicture(
              current.split,
              current.className,
              current.group,
              current.name,
              current.file,
              current.length,
              Optional.empty()));
    }

    @Override
    public byte[] content() throws IOException {
      return read(Location.of(current.file), current.length);
    }

    @Override
    public long mark() {
      return row;
    }

    @Override
    public void close() {
      // Every file is closed when it was read.
    }
  }

  /**
   * A picture file whole.
   *
   * @param length of it, which spares a call for it; 0 where it is not known
   */
  static byte[] read(Location file, long length) throws IOException {
    if (length == 0) {
      try (InputStream in = file.open()) {
        return in.readNBytes(PartReader.LONGEST_BYTES + 1);
      }
    }
    try (InputStream in = file.open(0, length)) {
      byte[] content = in.readNBytes(Math.toIntExact(length));
      if (content.length < length) {
        throw new EOFException("it is shorter than it was when it was listed");
      }
      return content;
    }
  }
}
