package convoy.data.reading;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Reads what references mean; a file is read once and forwards where they come in its order. */
public final class ReferenceReader implements AutoCloseable {
  private String file = "";
  private InputStream in = InputStream.nullInputStream();
  private long position;

  /** The bytes of one picture. */
  public byte[] read(PictureReference reference) {
    try {
      if (!reference.file().equals(file) || reference.offset() < position) {
        in.close();
        file = reference.file();
        in = new Location(file).open(reference.offset(), Long.MAX_VALUE);
        position = reference.offset();
      }
      in.skipNBytes(reference.offset() - position);
      byte[] content = in.readNBytes(Math.toIntExact(reference.length()));
      if (content.length < reference.length()) {
        throw new EOFException("it ends before " + reference.name());
      }
      position = reference.offset() + content.length;
      return content;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private UserException failure(IOException e) {
    return new UserException(
        "Cannot read %s: %s. Fetch it again.".formatted(file, e.getMessage()), e);
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }
}
