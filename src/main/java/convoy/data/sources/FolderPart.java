package convoy.data.sources;

import convoy.core.Digests;
import convoy.core.Location;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The picture files of a folder. Its marks are positions in the list of its files.
 *
 * @param deep whether those of the folders in it are among them
 */
record FolderPart(Location folder, boolean deep, Naming naming) implements SourcePart {

  @Override
  public String name() {
    return folder.uri();
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public String state() {
    StringBuilder files = new StringBuilder();
    for (Location.Entry file : files()) {
      files.append("%s %d %d\n".formatted(below(file), file.length(), file.modified()));
    }
    return Digests.sha256(files.toString());
  }

  @Override
  public Optional<String> problemIfEmpty() {
    return naming instanceof Naming.OneClass
        ? Optional.of(
            "Cannot use class folder %s: it has no pictures. Fill it or remove it."
                .formatted(folder))
        : Optional.empty();
  }

  @Override
  public PartReader open(long from, Consumer<Skipped> skipped) {
    return new Reader(files(), (int) from, skipped);
  }

  private List<Location.Entry> files() {
    // Tars beside the pictures are parts of their own.
    return deep
        ? folder.listFilesBelow(true)
        : folder.list(true).stream()
            .filter(file -> !file.folder() && !PictureFiles.isTar(file.name()))
            .toList();
  }

  private String below(Location.Entry file) {
    return file.location().uri().substring(folder.child("").uri().length());
  }

  /** The files, one after the other. */
  private final class Reader implements PartReader {
    private final List<Location.Entry> files;
    private final Consumer<Skipped> skipped;
    private int position;

    Reader(List<Location.Entry> files, int position, Consumer<Skipped> skipped) {
      this.files = files;
      this.position = position;
      this.skipped = skipped;
    }

    @Override
    public Optional<SourcePicture> next() {
      while (position < files.size()) {
        Location.Entry file = files.get(position++);
        String name = below(file);
        Optional<String> reason = PictureFiles.reasonToSkip(name);
        if (reason.isPresent()) {
          skipped.accept(new Skipped(file.location().uri(), name, reason.get()));
          continue;
        }
        return Optional.of(
            naming.picture(name, file.location().uri(), file.location(), file.length()));
      }
      return Optional.empty();
    }

    @Override
    public byte[] content() throws IOException {
      Location.Entry file = files.get(position - 1);
      return FoundPictures.read(file.location(), file.length());
    }

    @Override
    public long mark() {
      return position;
    }

    @Override
    public void close() {
      // Every file is closed when it was read.
    }
  }
}
