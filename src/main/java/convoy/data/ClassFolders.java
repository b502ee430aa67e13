package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One folder a class, the layout that most tools read: {@code [split/]class/picture.jpg}. */
public record ClassFolders(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<ImageReference> list() {
    List<ImageReference> references = new ArrayList<>();
    List<String> empty = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      for (Location.Entry folder : part.location().list()) {
        if (folder.folder() && !addClass(part.split(), folder.location(), references)) {
          empty.add(
              "Cannot use class folder %s: it has no pictures. Fill it or remove it."
                  .formatted(folder.location()));
        }
      }
    }
    UserException.throwIfAny(empty);
    if (references.isEmpty()) {
      throw ImageSource.empty(path, "class folders with pictures");
    }
    return references;
  }

  private static boolean addClass(String split, Location folder, List<ImageReference> references) {
    int before = references.size();
    for (Location.Entry file : folder.listFilesBelow()) {
      if (PictureFiles.isPicture(file.name())) {
        String name = file.location().uri().substring(folder.uri().length() + 1);
        references.add(
            new ImageReference(
                split,
                folder.name(),
                name,
                file.location().uri(),
                0,
                file.length(),
                ImageReference.RawPixels.NONE));
      }
    }
    return references.size() > before;
  }
}
