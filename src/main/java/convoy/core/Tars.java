package convoy.core;

import java.io.IOException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Tars whose bytes follow from what is put into them. */
public final class Tars {
  private Tars() {}

  /** Puts a file, with a fixed time, and returns where its content begins. */
  public static long put(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    entry.setModTime(0);
    tar.putArchiveEntry(entry);
    long offset = tar.getBytesWritten();
    tar.write(content);
    tar.closeArchiveEntry();
    return offset;
  }
}
