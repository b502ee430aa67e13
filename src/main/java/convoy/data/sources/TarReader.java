package convoy.data.sources;

import convoy.core.Location;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The files in a tar, read forwards in one stream. */
public final class TarReader implements Closeable {
  private static final int BLOCK = 512;

  private final Location file;
  private final long offset;
  private final Counted stream;
  private TarArchiveInputStream tar;
  private long next;
  private boolean untouched;

  /**
   * @param offset of the tar in the file, {@code length} its length
   * @param from in the tar, where a header begins
   */
  public TarReader(Location file, long offset, long length, long from) throws IOException {
    this.file = file;
    this.offset = offset;
    stream = new Counted(file.open(offset + from, length - from), from);
    tar = new TarArchiveInputStream(stream, "UTF-8");
    next = from;
  }

  /**
   * A file in a tar.
   *
   * @param offset of its content in the outermost file
   */
  public record Member(String name, long offset, long length) {}

  /** The next file; folders, links, pipes and devices are none. */
  public Optional<Member> next() throws IOException {
    passLong();
    try {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        long begin = stream.position;
        next = begin + (entry.getSize() + BLOCK - 1) / BLOCK * BLOCK;
        boolean link = entry.isSymbolicLink() || entry.isLink();
        boolean special = entry.isFIFO() || entry.isCharacterDevice() || entry.isBlockDevice();
        if (entry.isFile() && !link && !special && !entry.isSparse()) {
          untouched = true;
          return Optional.of(new Member(entry.getName(), offset + begin, entry.getSize()));
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
    // A whole tar ends with blocks of zeros; the end of a cut one looks like the end to readers.
    if (stream.position < next + BLOCK) {
      throw new EOFException("it is cut short (no end-of-archive block)");
    }
    return Optional.empty();
  }

  /** The library reads through all that nobody asked for; a tar in a tar is better sought over. */
  private void passLong() throws IOException {
    if (untouched && next - stream.position >= Location.LONG_SKIP_BYTES) {
      stream.skipNBytes(next - stream.position);
      tar = new TarArchiveInputStream(stream, "UTF-8");
      untouched = false;
    }
  }

  /** The content of the file that {@code next} gave last, once. */
  public byte[] content() throws IOException {
    if (!untouched) {
      throw new IllegalStateException("The content of a member is there once");
    }
    untouched = false;
    TarArchiveEntry entry = tar.getCurrentEntry();
    byte[] content = tar.readNBytes(Math.toIntExact(entry.getSize()));
    if (content.length < entry.getSize()) {
      throw new EOFException("it is cut short inside " + entry.getName());
    }
    return content;
  }

  /** Where the header after this file begins, in the tar. */
  public long mark() {
    return next;
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /** Knows how far it is. */
  private static final class Counted extends FilterInputStream {
    private long position;

    Counted(InputStream in, long position) {
      super(in);
      this.position = position;
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      position += value < 0 ? 0 : 1;
      return value;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
      int read = in.read(target, from, length);
      position += Math.max(0, read);
      return read;
    }

    @Override
    public long skip(long wanted) throws IOException {
      long skipped = in.skip(wanted);
      position += skipped;
      return skipped;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
