package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;

/** The members of a tar, or of a tar within a tar, by their headers alone. */
record TarMembers(String file, List<Member> members) {

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
      for (TarArchiveEntry entry : tar.getEntries()) {
        if (entry.isFile() && entry.getSize() > 0
            || entry.isFile() && PictureFiles.isPicture(entry.getName())) {
          members.add(new Member(entry.getName(), offset + entry.getDataOffset(), entry.getSize()));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new UserException(
          "Cannot read tar %s: %s. Fetch it again; it may be cut short."
              .formatted(file, e.getMessage()),
          e);
    }
    for (Member member : members) {
      if (member.offset() + member.length() > offset + length) {
        throw new UserException(
            "Cannot read tar %s: member %s is cut short. Fetch it again."
                .formatted(file, member.name()));
      }
    }
    return new TarMembers(file.uri(), members);
  }
}
