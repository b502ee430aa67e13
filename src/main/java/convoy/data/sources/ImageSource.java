package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Labelled pictures as the world keeps them. A folder whose entries are called {@code train},
 * {@code val} or {@code validation}, and {@code test} gives the pictures below them those splits.
 */
public sealed interface ImageSource
    permits ClassFolders,
        FileNameClasses,
        ImagenetTars,
        Webdataset,
        PathPattern,
        PictureList,
        Mnist,
        Cifar10 {

  /** Folder or file that holds the pictures. */
  String path();

  /** File of human names of the classes; see {@link ClassNames}. */
  Optional<String> classNames();

  /** Refuses a path where nothing is. */
  default void requireThere() {
    requireThere(path());
  }

  static void requireThere(String path) {
    Location place = Location.of(path);
    if (!place.exists()) {
      throw new UserException(
          "Cannot read pictures from %s: it does not exist. Check source.path.".formatted(place));
    }
  }

  /**
   * What tasks read, in a fixed order: names of folders and headers of outer tars are all that is
   * looked at.
   *
   * @throws UserException if there is none
   */
  List<SourcePart> parts();

  /** Human names that the source itself brings, by class name. */
  default Map<String, String> humanNames() {
    return ClassNames.find(Location.of(path()), classNames());
  }

  /** The folder that was probably meant, where this one has its classes a level deeper. */
  default Optional<String> probablyMeant() {
    return Optional.empty();
  }

  /** What is written about the source beside the shards. */
  default String description() {
    return "%s %s".formatted(getClass().getSimpleName(), path());
  }

  static UserException empty(String path, String wanted) {
    return new UserException(
        "Cannot list pictures in %s: there are no %s. Check source.path.".formatted(path, wanted));
  }

  /** Does what reads a file of a source; what goes wrong is said with the file's name. */
  static <T> T reading(String file, Callable<T> action) {
    try {
      return action.call();
    } catch (UserException e) {
      throw e;
    } catch (IOException | UncheckedIOException e) {
      throw new UserException(
          "Cannot read %s: %s. Fetch it again.".formatted(file, e.getMessage()), e);
    } catch (Exception e) {
      throw new IllegalStateException("Reading " + file, e);
    }
  }
}
