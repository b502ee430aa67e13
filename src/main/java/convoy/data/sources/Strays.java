package convoy.data.sources;

import convoy.core.Location;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Files that lie where no pictures are looked for; they are only told.
 *
 * @param reason why they are passed over
 */
record Strays(Location folder, String reason) implements SourcePart {

  @Override
  public String name() {
    return folder.uri() + " (files beside)";
  }

  @Override
  public PartReader open(Consumer<Skipped> skipped) {
    return new PartReader() {
      @Override
      public Optional<SourcePicture> next() {
        for (Location.Entry file : folder.list(true)) {
          if (!file.folder()
              && !ClassNames.isUsual(file.name())
              && !PictureFiles.isTar(file.name())) {
            skipped.accept(new Skipped(file.location().uri(), file.name(), reason));
          }
        }
        return Optional.empty();
      }

      @Override
      public byte[] content() {
        throw new IllegalStateException("Stray files are no pictures");
      }

      @Override
      public void close() {
        // Nothing is open.
      }
    };
  }
}
