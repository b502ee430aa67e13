package convoy.data.sources;

import convoy.core.Location;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The picture files of a folder.
 *
 * @param deep whether those of the folders in it are among them
 */
record FolderPart(Location folder, boolean deep, Naming naming) implements LoosePart {

  @Override
  public String name() {
    return folder.uri();
  }

  @Override
  public Location file(String name) {
    return folder.child(name);
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
  public PartReader open(Consumer<Skipped> skipped) {
    // Tars beside the pictures are parts of their own.
    return new Reader(
        deep
            ? folder.listFilesBelow(true).iterator()
            : folder
                .list(true, file -> !file.folder() && !PictureFiles.isTar(file.name()))
                .iterator(),
        skipped);
  }

  /** The files, one after the other. */
  private final class Reader implements PartReader {
    private final Iterator<Location.Entry> files;
    private final Consumer<Skipped> skipped;
    private Location.Entry current;

    Reader(Iterator<Location.Entry> files, Consumer<Skipped> skipped) {
      this.files = files;
      this.skipped = skipped;
    }

    @Override
    public Optional<SourcePicture> next() {
      while (files.hasNext()) {
        current = files.next();
        String uri = current.location().uri();
        String name = uri.substring(file("").uri().length());
        Optional<String> reason = PictureFiles.reasonToSkip(name);
        if (reason.isEmpty()) {
          return Optional.of(
              naming.picture(name, uri, current.location(), current.length(), current.modified()));
        }
        skipped.accept(new Skipped(uri, name, reason.get()));
      }
      return Optional.empty();
    }

    @Override
    public byte[] content() {
      return PictureFiles.read(current.location(), current.length());
    }

    @Override
    public void close() {
      // Every file is closed when it was read.
    }
  }
}
