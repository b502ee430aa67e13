package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Labelled pictures as the world keeps them. Listing reads names and headers only. A folder whose
 * entries are called {@code train}, {@code val} or {@code validation}, and {@code test} gives the
 * pictures below them those splits.
 */
public sealed interface ImageSource
    permits ClassFolders, FileNameClasses, ImagenetTars, Webdataset, Mnist, Cifar10 {

  /** Folder or file that holds the pictures. */
  String path();

  /** File of human names of the classes; see {@link ClassNames}. */
  Optional<String> classNames();

  /** Every picture, in a fixed order. */
  List<ImageReference> list() throws IOException;

  /** Human names that the source itself brings, by class name. */
  default Map<String, String> humanNames() {
    return ClassNames.find(Location.of(path()), classNames());
  }

  /** What is written about the source beside the shards. */
  default String description() {
    return "%s %s".formatted(getClass().getSimpleName(), path());
  }

  static UserException empty(String path, String wanted) {
    return new UserException(
        "Cannot list pictures in %s: there are no %s. Check source.path.".formatted(path, wanted));
  }
}
