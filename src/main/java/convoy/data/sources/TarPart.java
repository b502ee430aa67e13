package convoy.data.sources;

import convoy.core.Location;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The pictures of a tar, or of a tar in a tar. Its marks are offsets of headers.
 *
 * @param entry of the file
 * @param offset of the tar in it
 * @param tar its own name
 */
record TarPart(Location.Entry entry, String tar, long offset, long length, Naming naming)
    implements FilePart {

  @Override
  public String name() {
    return offset == 0 ? file().uri() : file().uri() + "/" + tar;
  }

  @Override
  public long bytes() {
    return length;
  }

  @Override
  public Optional<String> problemIfEmpty() {
    return naming instanceof Naming.OneClass
        ? Optional.of(
            "Cannot use class tar %s in %s: it has no pictures. Fetch it again or remove it."
                .formatted(tar, file()))
        : Optional.empty();
  }

  @Override
  public MarkedReader open(long from, Consumer<Skipped> skipped) {
    return ImageSource.reading(
        name(), () -> new Reader(new TarReader(file(), offset, length, from), skipped));
  }

  /** The members that are pictures. */
  private final class Reader implements MarkedReader {
    private final TarReader members;
    private final Consumer<Skipped> skipped;

    Reader(TarReader members, Consumer<Skipped> skipped) {
      this.members = members;
      this.skipped = skipped;
    }

    @Override
    public Optional<SourcePicture> next() throws IOException {
      for (Optional<TarReader.Member> found = members.next();
          found.isPresent();
          found = members.next()) {
        TarReader.Member member = found.get();
        Optional<String> reason = PictureFiles.reasonToSkip(member.name());
        if (reason.isEmpty()) {
          return Optional.of(
              naming.picture(
                  member.name(),
                  TarPart.this.name() + "/" + member.name(),
                  file(),
                  member.length(),
                  0));
        }
        skipped.accept(new Skipped(TarPart.this.name(), member.name(), reason.get()));
      }
      return Optional.empty();
    }

    @Override
    public byte[] content() throws IOException {
      return members.content();
    }

    @Override
    public long mark() {
      return members.mark();
    }

    @Override
    public void close() throws IOException {
      members.close();
    }
  }
}
