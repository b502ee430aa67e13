package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;

/** The members of a tar, or of a tar within a tar, by their headers alone. */
record TarMembers(String file, List<Member> members) {
  private static final int BLOCK = 512;

  /**
   * @param offset of the content from the start of the outermost file, in bytes
   */
  record Member(String name, long offset, long length) {}

  static TarMembers of(Location file) {
    return of(file, 0, file.length());
  }

  static TarMembers of(Location file, long offset, long length) {
    List<Member> members = new ArrayList<>();
    try (SeekableByteChannel channel = file.openChannel(offset, length);
        TarFile tar = new TarFile(channel)) {
      long end = 0;
      for (TarArchiveEntry entry : tar.getEntries()) {
        end = Math.max(end, entry.getDataOffset() + (entry.getSize() + BLOCK - 1) / BLOCK * BLOCK);
        if (entry.isFile() && (entry.getSize() > 0 || PictureFiles.isPicture(entry.getName()))) {
          members.add(new Member(entry.getName(), offset + entry.getDataOffset(), entry.getSize()));
        }
      }
      requireEnd(channel, end);
    } catch (IOException | IllegalArgumentException e) {
      throw new UserException(
          "Cannot read tar %s: %s. Fetch it again; it may be cut short."
              .formatted(file, e.getMessage()),
          e);
    }
    return new TarMembers(file.uri(), members);
  }

  /** A whole tar ends with blocks of zeros; readers take the end of a cut one for the end. */
  private static void requireEnd(SeekableByteChannel channel, long end) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    channel.position(end);
    int read;
    do {
      read = channel.read(block);
    } while (read > 0);
    if (block.hasRemaining()) {
      throw new EOFException("it has no end-of-archive block");
    }
  }
}
