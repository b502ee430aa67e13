package convoy.data.sources;

import convoy.core.Location;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/** A file's content, unzipped where its name says that it is zipped. */
final class Contents {
  private static final int BUFFER_BYTES = 1 << 16;

  private Contents() {}

  static InputStream open(Location file) throws IOException {
    InputStream in = file.open();
    return file.name().endsWith(".gz")
        ? new GZIPInputStream(in, BUFFER_BYTES)
        : new BufferedInputStream(in, BUFFER_BYTES);
  }
}
