package convoy.data;

import convoy.core.Location;
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
    if (!root.isFolder()) {
      return new SplitFolders(List.of(new Part(SplitName.of(root.name()), root)));
    }
    for (Location.Entry entry : root.list()) {
      String split = SplitName.of(entry.name());
      if (!split.isEmpty()) {
        parts.add(new Part(split, entry.location()));
      }
    }
    return new SplitFolders(parts.isEmpty() ? List.of(new Part("", root)) : parts);
  }
}
