package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Consumer;

/** A batch of CIFAR-10: records of a label byte and 3 x 32 x 32 samples. Marks are records. */
record CifarPart(String split, Location.Entry entry) implements SourcePart {
  private static final int PIXEL_BYTES = 3 * 32 * 32;
  private static final int RECORD_BYTES = 1 + PIXEL_BYTES;

  private Location file() {
    return entry.location();
  }

  @Override
  public String name() {
    return file().uri();
  }

  @Override
  public long bytes() {
    return entry.length();
  }

  @Override
  public String state() {
    return "%d %d".formatted(entry.length(), entry.modified());
  }

  @Override
  public PartReader open(long from, Consumer<Skipped> skipped) {
    if (bytes() % RECORD_BYTES != 0) {
      throw new UserException(
          "Cannot read %s: %d bytes are not whole records of %d. Fetch it again."
              .formatted(file(), bytes(), RECORD_BYTES));
    }
    return ImageSource.reading(name(), () -> new Reader(from));
  }

  private final class Reader implements PartReader {
    private final InputStream in = Contents.open(file());
    private int position;
    private boolean untouched;

    Reader(long from) throws IOException {
      position = (int) from;
      in.skipNBytes(from * RECORD_BYTES);
    }

    @Override
    public Optional<SourcePicture> next() throws IOException {
      if (untouched) {
        in.skipNBytes(PIXEL_BYTES);
      }
      untouched = (long) position * RECORD_BYTES < bytes();
      if (!untouched) {
        return Optional.empty();
      }
      int number = position++;
      return Optional.of(
          new SourcePicture(
              split,
              Integer.toString(in.read()),
              "",
              "%s-%05d".formatted(file().name().replace(".bin", ""), number),
              file().uri(),
              PIXEL_BYTES,
              Optional.of(new SourcePicture.RawPixels(3, 32, 32))));
    }

    @Override
    public byte[] content() throws IOException {
      byte[] content = in.readNBytes(PIXEL_BYTES);
      untouched = false;
      return content;
    }

    @Override
    public long mark() {
      return position;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
