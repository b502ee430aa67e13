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
  private final class Reader extends LooseReader {
    private final Iterator<Location.Entry> files;
    private final Consumer<Skipped> skipped;

    Reader(Iterator<Location.Entry> files, Consumer<Skipped> skipped) {
      this.files = files;
      this.skipped = skipped;
    }

    @Override
    Optional<SourcePicture> find() {
      while (files.hasNext()) {
        Location.Entry entry = files.next();
        Location file = entry.location();
        String name = file.uri().substring(file("").uri().length());
        Optional<String> reason = PictureFiles.reasonToSkip(name);
        if (reason.isEmpty()) {
          return Optional.of(
              naming.picture(name, file.uri(), file, entry.length(), entry.modified()));
        }
        skipped.accept(new Skipped(file.uri(), name, reason.get()));
      }
      return Optional.empty();
    }

    @Override
    public void close() {
      // Every file is closed when it was read.
    }
  }
}
