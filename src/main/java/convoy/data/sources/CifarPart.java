package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Consumer;

/** A batch of CIFAR-10: records of a label byte and 3 x 32 x 32 samples. Marks are records. */
record CifarPart(String split, Location.Entry entry) implements FilePart {
  private static final SourcePicture.RawPixels PIXELS = new SourcePicture.RawPixels(3, 32, 32);
  private static final int RECORD_BYTES = 1 + PIXELS.bytes();

  @Override
  public MarkedReader open(long from, Consumer<Skipped> skipped) {
    if (bytes() % RECORD_BYTES != 0) {
      throw new UserException(
          "Cannot read %s: %d bytes are not whole records of %d. Fetch it again."
              .formatted(file(), bytes(), RECORD_BYTES));
    }
    return ImageSource.reading(
        name(),
        () -> {
          InputStream in = Contents.open(file());
          in.skipNBytes(from * RECORD_BYTES);
          return new RecordReader(in, PIXELS, (int) from, (int) (bytes() / RECORD_BYTES)) {
            @Override
            SourcePicture picture(int number, SourcePicture.RawPixels pixels) throws IOException {
              return new SourcePicture(
                  split,
                  Integer.toString(in.read()),
                  "",
                  "%s-%05d".formatted(file().name().replace(".bin", ""), number),
                  file().uri(),
                  pixels.bytes(),
                  0,
                  Optional.of(pixels));
            }
          };
        });
  }
}
