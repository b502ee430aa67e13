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
    for (Location.Entry entry : root.list()) {
      String split = SplitName.of(entry.name());
      if (!split.isEmpty()) {
        parts.add(new Part(split, entry.location()));
      } else if (entry.folder() || entry.name().endsWith(".tar")) {
        others.add(entry.name());
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
}
