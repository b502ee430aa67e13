package convoy.data.sources;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A flat folder whose file names begin with the class, as Kaggle's dogs-vs-cats: {@code cat.0.jpg}.
 * The class is what stands before the number.
 */
public record FileNameClasses(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<SourcePart> parts() {
    List<SourcePart> parts = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      parts.add(new FolderPart(part.location(), false, new Naming.BeforeNumber(part.split())));
    }
    return parts;
  }
}
