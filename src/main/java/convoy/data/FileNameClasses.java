package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A flat folder whose file names begin with the class, as Kaggle's dogs-vs-cats: {@code cat.0.jpg}.
 * The class is what stands before the number.
 */
public record FileNameClasses(String path, Optional<String> classNames) implements ImageSource {
  private static final Pattern NAME =
      Pattern.compile("(.*[^._ -])[._ -]+\\d+\\.[^.]+|(.*[^._ \\d-])\\d+\\.[^.]+");

  @Override
  public List<ImageReference> list() {
    List<ImageReference> references = new ArrayList<>();
    List<String> unnamed = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      for (Location.Entry file : part.location().list()) {
        if (file.folder() || !PictureFiles.isPicture(file.name())) {
          continue;
        }
        Matcher name = NAME.matcher(file.name());
        if (name.matches()) {
          String className = name.group(1) == null ? name.group(2) : name.group(1);
          references.add(
              new ImageReference(
                  part.split(),
                  className,
                  file.name(),
                  file.location().uri(),
                  0,
                  file.length(),
                  ImageReference.RawPixels.NONE));
        } else {
          unnamed.add(file.location().uri());
        }
      }
    }
    if (!unnamed.isEmpty()) {
      throw new UserException(
          "Cannot tell the class of %s (and %d more): its name is not <class>.<number>.<extension>. Rename or remove it."
              .formatted(unnamed.get(0), unnamed.size() - 1));
    }
    if (references.isEmpty()) {
      throw ImageSource.empty(path, "pictures named <class>.<number>.<extension>");
    }
    return references;
  }
}
