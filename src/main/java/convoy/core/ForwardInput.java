package convoy.core;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.FSDataInputStream;

/** A stretch of a file, read forwards. */
final class ForwardInput extends FilterInputStream {
  private static final int BUFFER_BYTES = 1 << 17;

  private final FSDataInputStream file;
  private long left;

  private ForwardInput(FSDataInputStream file, long left) {
    super(file);
    this.file = file;
    this.left = left;
  }

  static InputStream of(FSDataInputStream file, long offset, long length) throws IOException {
    if (offset > 0) {
      file.seek(offset);
    }
    return new BufferedInputStream(
        new ForwardInput(file, length), (int) Math.max(1, Math.min(BUFFER_BYTES, length)));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    if (left <= 0) {
      return -1;
    }
    int read = file.read(target, from, (int) Math.min(length, left));
    left -= Math.max(0, read);
    return read;
  }

  @Override
  public long skip(long wanted) throws IOException {
    long most = Math.min(wanted, left);
    long skipped = most;
    if (most >= Location.LONG_SKIP_BYTES) {
      file.seek(file.getPos() + most);
    } else {
      skipped = most > 0 ? file.skip(most) : 0;
    }
    left -= skipped;
    return skipped;
  }

  @Override
  public int available() {
    return 0;
  }
}
