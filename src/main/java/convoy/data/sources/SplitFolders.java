package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder's parts by split: itself without a split, or its {@code train}, {@code val}, {@code
 * test}.
 */
record SplitFolders(List<Part> parts) {

  record Part(String split, Location location) {}

  static SplitFolders of(String path) {
    Location root = Location.of(path);
    List<Part> parts = new ArrayList<>();
    List<String> others = new ArrayList<>();
    if (!root.isFolder()) {
      return new SplitFolders(List.of(new Part(SplitName.of(root.name()), root)));
    }
    // Of a flat folder of a million pictures only what is none is held.
    for (Location.Entry entry : root.list(false, SplitFolders::mayBeASplit)) {
      String split = SplitName.of(entry.name());
      if (split.isEmpty()) {
        others.add(entry.name());
      } else {
        parts.add(new Part(split, entry.location()));
      }
    }
    if (!parts.isEmpty() && !others.isEmpty()) {
      throw new UserException(
          "Cannot tell the splits of %s: beside %s it has %s. Move these, or put all classes into split folders."
              .formatted(
                  path, parts.stream().map(part -> part.location().name()).toList(), others));
    }
    return new SplitFolders(parts.isEmpty() ? List.of(new Part("", root)) : parts);
  }

  private static boolean mayBeASplit(Location.Entry entry) {
    return entry.folder()
        || PictureFiles.isTar(entry.name())
        || !SplitName.of(entry.name()).isEmpty();
  }
}
