package convoy.data.sources;

import convoy.core.Location;

/** A part that is a file, as it was when the source was looked at. */
interface FilePart extends SourcePart {
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

  @Override
  default boolean isFile() {
    return true;
  }
}
