package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Files and members of tars whose path tells the class.
 *
 * @param pattern a regular expression for the whole path below the folder, a member's after that of
 *     its tar, with a group {@code class}, perhaps {@code split} and {@code group}: {@code
 *     (?<class>n\d+)_.*}
 */
public record PathPattern(String path, String pattern, Optional<String> classNames)
    implements ImageSource {
  public PathPattern {
    try {
      Pattern unused = Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new UserException(
          "Invalid pattern: %s (%s)"
              .formatted(pattern, e.getMessage().lines().findFirst().orElse("")));
    }
    if (!pattern.contains("(?<class>")) {
      throw new UserException(
          "Invalid pattern: %s (needs a group for the class: (?<class>...))".formatted(pattern));
    }
  }

  @Override
  public List<SourcePart> parts() {
    Location root = Location.of(path);
    List<SourcePart> parts = new ArrayList<>();
    List<Location.Entry> entries =
        root.isFolder()
            ? root.list(false, entry -> entry.folder() || PictureFiles.isTar(entry.name()))
            : List.of(root.entry());
    for (Location.Entry entry : entries) {
      String above = root.isFolder() ? entry.name() + "/" : "";
      if (entry.folder()) {
        parts.add(new FolderPart(entry.location(), true, Naming.ByPattern.of(pattern, above)));
      } else if (PictureFiles.isTar(entry.name())) {
        parts.add(
            new TarPart(
                entry, entry.name(), 0, entry.length(), Naming.ByPattern.of(pattern, above)));
      }
    }
    if (root.isFolder()) {
      parts.add(new FolderPart(root, false, Naming.ByPattern.of(pattern, "")));
    }
    if (parts.isEmpty()) {
      throw ImageSource.empty(path, "pictures, as it is neither a folder nor a tar");
    }
    return parts;
  }
}
