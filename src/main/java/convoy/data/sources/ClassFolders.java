package convoy.data.sources;

import convoy.core.Location;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One folder a class, the layout that most tools read: {@code [split/]class/picture.jpg}. */
public record ClassFolders(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<SourcePart> parts() {
    List<SourcePart> parts = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      for (Location.Entry folder : part.location().list()) {
        if (folder.folder()) {
          parts.add(
              new FolderPart(
                  folder.location(), true, new Naming.OneClass(part.split(), folder.name())));
        }
      }
      parts.add(new Strays(part.location(), "lies beside the class folders"));
    }
    if (parts.stream().noneMatch(FolderPart.class::isInstance)) {
      throw ImageSource.empty(path, "class folders with pictures");
    }
    return parts;
  }

  /** The only folder, if there are folders in it: these may be the classes. */
  @Override
  public Optional<String> probablyMeant() {
    List<Location.Entry> folders = folders(Location.of(path));
    return folders.size() == 1 && !folders(folders.get(0).location()).isEmpty()
        ? Optional.of(folders.get(0).location().uri())
        : Optional.empty();
  }

  private static List<Location.Entry> folders(Location folder) {
    return folder.list().stream().filter(Location.Entry::folder).toList();
  }
}
