package convoy.data.sources;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Pictures without headers, one after the other in a stream. Marks are numbers of records. */
abstract class RecordReader implements MarkedReader {
  private final InputStream in;
  private final SourcePicture.RawPixels pixels;
  private final int end;
  private int position;
  private boolean untouched;

  /**
   * @param in at record {@code position}
   * @param end number of records
   */
  RecordReader(InputStream in, SourcePicture.RawPixels pixels, int position, int end) {
    this.in = in;
    this.pixels = pixels;
    this.position = position;
    this.end = end;
  }

  /** What is known of a record; its samples are the next in the stream then. */
  abstract SourcePicture picture(int number, SourcePicture.RawPixels pixels) throws IOException;

  @Override
  public Optional<SourcePicture> next() throws IOException {
    if (untouched) {
      in.skipNBytes(pixels.bytes());
    }
    untouched = position < end;
    return untouched ? Optional.of(picture(position++, pixels)) : Optional.empty();
  }

  @Override
  public byte[] content() throws IOException {
    byte[] content = in.readNBytes(pixels.bytes());
    if (content.length < pixels.bytes()) {
      throw new EOFException("it is cut short");
    }
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
