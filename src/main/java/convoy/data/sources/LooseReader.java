package convoy.data.sources;

import convoy.core.Location;
import java.util.Optional;

/** Pictures that are files of their own, found one way or another. */
abstract class LooseReader implements PartReader {
  private SourcePicture current;

  abstract Optional<SourcePicture> find();

  @Override
  public final Optional<SourcePicture> next() {
    Optional<SourcePicture> found = find();
    current = found.orElse(null);
    return found;
  }

  @Override
  public final byte[] content() {
    return PictureFiles.read(new Location(current.file()), current.length());
  }
}
