package convoy.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.hadoop.fs.FSDataInputStream;

/** A read-only window on a file: position 0 is the window's first byte. */
final class RangeChannel implements SeekableByteChannel {
  private final FSDataInputStream in;
  private final long offset;
  private final long length;
  private long position;
  private boolean open = true;

  RangeChannel(FSDataInputStream in, long offset, long length) {
    this.in = in;
    this.offset = offset;
    this.length = length;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (position >= length) {
      return -1;
    }
    byte[] bytes = new byte[(int) Math.min(target.remaining(), length - position)];
    int read = in.read(offset + position, bytes, 0, bytes.length);
    if (read > 0) {
      target.put(bytes, 0, read);
      position += read;
    }
    return read;
  }

  @Override
  public int write(ByteBuffer source) {
    throw new NonWritableChannelException();
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long newPosition) {
    position = newPosition;
    return this;
  }

  @Override
  public long size() {
    return length;
  }

  @Override
  public SeekableByteChannel truncate(long size) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() throws IOException {
    open = false;
    in.close();
  }
}
