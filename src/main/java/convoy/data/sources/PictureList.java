package convoy.data.sources;

import convoy.core.Location;
import convoy.core.Named;
import convoy.core.UserException;
import java.util.List;
import java.util.Optional;

/**
 * Pictures that a table names: columns {@code path} and {@code class}, perhaps {@code split} and
 * {@code group} (pictures of one group come to one split). A CSV or TSV file with a header.
 *
 * @param root of the paths in it that do not begin at a root; the table's folder by default
 */
@Named("list")
public record PictureList(String path, Optional<String> root, Optional<String> classNames)
    implements ImageSource {
  private static final List<String> TABLES = List.of("csv", "tsv");

  @Override
  public List<SourcePart> parts() {
    Location file = Location.of(path);
    if (!TABLES.contains(PictureFiles.extension(file.name()))) {
      throw new UserException(
          "Cannot read list %s: it is neither of %s nor .parquet. Write it as one of these."
              .formatted(file, TABLES));
    }
    return List.of(new ListPart(file, root.map(Location::of).orElse(file.parent())));
  }
}
