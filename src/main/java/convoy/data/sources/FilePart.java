package convoy.data.sources;

import convoy.core.Location;
import java.util.function.Consumer;

/**
 * A part that is a file, as it was when the source was looked at: the part's text tells all that
 * its pictures depend on.
 */
public sealed interface FilePart extends SourcePart
    permits TarPart, WebdatasetPart, IdxPart, CifarPart {
  Location.Entry entry();

  default Location file() {
    return entry().location();
  }

  @Override
  default String name() {
    return file().uri();
  }

  @Override
  default long bytes() {
    return entry().length();
  }

  /**
   * Opens it in its midst.
   *
   * @param from a mark that {@link MarkedReader#mark} gave; 0 is the beginning
   */
  MarkedReader open(long from, Consumer<Skipped> skipped);

  @Override
  default MarkedReader open(Consumer<Skipped> skipped) {
    return open(0, skipped);
  }
}
