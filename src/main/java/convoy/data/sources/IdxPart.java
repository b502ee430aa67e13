package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Images and labels of one split in idx format. Its marks are numbers of images.
 *
 * @param prefix of the pictures' names
 */
record IdxPart(String split, String prefix, Location images, Location labels)
    implements SourcePart {
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;

  @Override
  public String name() {
    return images.uri();
  }

  @Override
  public long bytes() {
    return images.length();
  }

  @Override
  public boolean isFile() {
    return false;
  }

  @Override
  public String state() {
    return "%d %d".formatted(images.entry().modified(), labels.entry().modified());
  }

  @Override
  public PartReader open(long from, Consumer<Skipped> skipped) {
    return ImageSource.reading(name(), () -> new Reader(from));
  }

  private byte[] readLabels() throws IOException {
    try (DataInputStream in = new DataInputStream(Contents.open(labels))) {
      require(in.readInt() == LABELS_MAGIC, labels, "it does not begin as an idx file of labels");
      byte[] values = new byte[in.readInt()];
      in.readFully(values);
      return values;
    }
  }

  private static void require(boolean holds, Location file, String reason) {
    if (!holds) {
      throw new UserException("Cannot read %s: %s. Fetch it again.".formatted(file, reason));
    }
  }

  private final class Reader implements PartReader {
    private final byte[] labels = readLabels();
    private final DataInputStream in = new DataInputStream(Contents.open(images));
    private final int height;
    private final int width;
    private int position;
    private boolean untouched;

    Reader(long from) throws IOException {
      require(in.readInt() == IMAGES_MAGIC, images, "it does not begin as an idx file of images");
      int count = in.readInt();
      height = in.readInt();
      width = in.readInt();
      require(
          count == labels.length,
          images,
          "it has %d images but there are %d labels".formatted(count, labels.length));
      position = (int) from;
      in.skipNBytes(from * height * width);
    }

    @Override
    public Optional<SourcePicture> next() throws IOException {
      if (untouched) {
        in.skipNBytes((long) height * width);
      }
      untouched = position < labels.length;
      if (!untouched) {
        return Optional.empty();
      }
      int number = position++;
      return Optional.of(
          new SourcePicture(
              split,
              Integer.toString(labels[number]),
              "",
              "%s-%05d".formatted(prefix, number),
              images.uri(),
              (long) height * width,
              Optional.of(new SourcePicture.RawPixels(1, height, width))));
    }

    @Override
    public byte[] content() throws IOException {
      byte[] content = new byte[height * width];
      in.readFully(content);
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
