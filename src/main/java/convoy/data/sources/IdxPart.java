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
 * @param entry of the images
 */
record IdxPart(String split, String prefix, Location.Entry entry, Location.Entry labels)
    implements FilePart {
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;

  @Override
  public MarkedReader open(long from, Consumer<Skipped> skipped) {
    return ImageSource.reading(name(), () -> read((int) from));
  }

  private MarkedReader read(int from) throws IOException {
    byte[] classes = readLabels();
    DataInputStream in = new DataInputStream(Contents.open(file()));
    require(in.readInt() == IMAGES_MAGIC, file(), "it does not begin as an idx file of images");
    int count = in.readInt();
    SourcePicture.RawPixels size = new SourcePicture.RawPixels(1, in.readInt(), in.readInt());
    require(
        count == classes.length,
        file(),
        "it has %d images but there are %d labels".formatted(count, classes.length));
    in.skipNBytes((long) from * size.bytes());
    return new RecordReader(in, size, from, count) {
      @Override
      SourcePicture picture(int number, SourcePicture.RawPixels pixels) {
        return new SourcePicture(
            split,
            Integer.toString(classes[number]),
            "",
            "%s-%05d".formatted(prefix, number),
            file().uri(),
            pixels.bytes(),
            0,
            Optional.of(pixels));
      }
    };
  }

  private byte[] readLabels() throws IOException {
    Location file = labels.location();
    try (DataInputStream in = new DataInputStream(Contents.open(file))) {
      require(in.readInt() == LABELS_MAGIC, file, "it does not begin as an idx file of labels");
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
}
