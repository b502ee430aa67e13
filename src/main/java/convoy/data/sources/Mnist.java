package convoy.data.sources;

import convoy.core.Location;
import java.util.List;
import java.util.Optional;

/**
 * The four files of MNIST in idx format (LeCun, Cortes, Burges, 1998), plain or {@code .gz}.
 * Fashion and Kuzushiji MNIST have the same names and format.
 */
public record Mnist(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<SourcePart> parts() {
    return List.of(part(SplitName.TRAIN, "train"), part(SplitName.TEST, "t10k"));
  }

  private SourcePart part(String split, String prefix) {
    return new IdxPart(
        split,
        prefix,
        file(prefix + "-images", "idx3-ubyte").entry(),
        file(prefix + "-labels", "idx1-ubyte").entry());
  }

  /**
   * Both spellings are about: {@code train-images-idx3-ubyte} and {@code train-images.idx3-ubyte}.
   */
  private Location file(String name, String kind) {
    Location folder = Location.of(path);
    for (String candidate :
        List.of("-" + kind + ".gz", "-" + kind, "." + kind + ".gz", "." + kind)) {
      Location file = folder.child(name + candidate);
      if (file.exists()) {
        return file;
      }
    }
    throw ImageSource.empty(path, "files %s-%s or %s-%s.gz".formatted(name, kind, name, kind));
  }
}
