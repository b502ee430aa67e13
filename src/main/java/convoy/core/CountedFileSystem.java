package convoy.core;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system, to be read only, under the scheme {@code counted}, as one that is far
 * away: it counts what is listed, opened, sought and read. {@code counted:/folder}; for benchmarks
 * and tests.
 */
public final class CountedFileSystem extends FileSystem {
  public static final AtomicLong OPENS = new AtomicLong();

  /** Folders, each time. */
  public static final AtomicLong LISTS = new AtomicLong();

  public static final AtomicLong BYTES = new AtomicLong();

  /** Reads that began before the end of the one before. */
  public static final AtomicLong SEEKS_BACK = new AtomicLong();

  private static final URI URI_ITSELF = URI.create("counted:///");
  private FileSystem local;

  /** Makes it known to Hadoop, in this JVM. */
  public static void register() {
    System.setProperty("spark.hadoop.fs.counted.impl", CountedFileSystem.class.getName());
  }

  public static void reset() {
    OPENS.set(0);
    LISTS.set(0);
    BYTES.set(0);
    SEEKS_BACK.set(0);
  }

  @Override
  public void initialize(URI name, Configuration configuration) throws IOException {
    super.initialize(name, configuration);
    setConf(configuration);
    LocalFileSystem checked = FileSystem.getLocal(configuration);
    local = checked.getRaw();
  }

  @Override
  public URI getUri() {
    return URI_ITSELF;
  }

  private static Path local(Path path) {
    return new Path("file", "", path.toUri().getPath());
  }

  private FileStatus counted(FileStatus status) {
    return new FileStatus(
        status.getLen(),
        status.isDirectory(),
        status.getReplication(),
        status.getBlockSize(),
        status.getModificationTime(),
        makeQualified(new Path("counted", "", status.getPath().toUri().getPath())));
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return counted(local.getFileStatus(local(path)));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    LISTS.incrementAndGet();
    return Arrays.stream(local.listStatus(local(path)))
        .map(this::counted)
        .toArray(FileStatus[]::new);
  }

  @Override
  public FSDataInputStream open(Path path, int buffer) throws IOException {
    OPENS.incrementAndGet();
    return new FSDataInputStream(new Counted(local.open(local(path), buffer)));
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int buffer,
      short replication,
      long blockSize,
      Progressable progress) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public FSDataOutputStream append(Path path, int buffer, Progressable progress) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public boolean rename(Path from, Path to) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public void setWorkingDirectory(Path path) {
    throw new UnsupportedOperationException("To be read only");
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path("counted:///");
  }

  /** Positional reads go through seek and read, and are counted so. */
  private static final class Counted extends FSInputStream {
    private final FSDataInputStream in;

    Counted(FSDataInputStream in) {
      this.in = in;
    }

    @Override
    public void seek(long position) throws IOException {
      if (position < in.getPos()) {
        SEEKS_BACK.incrementAndGet();
      }
      in.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return in.getPos();
    }

    @Override
    public boolean seekToNewSource(long position) throws IOException {
      return in.seekToNewSource(position);
    }

    @Override
    public int read() throws IOException {
      int value = in.read();
      BYTES.addAndGet(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
      int read = in.read(target, from, length);
      BYTES.addAndGet(Math.max(0, read));
      return read;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
