package convoy.data.sources;

import convoy.core.Location;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The binary version of CIFAR-10 (Krizhevsky, 2009): {@code data_batch_1.bin} to {@code 5} and
 * {@code test_batch.bin}, records of a label byte and 3 x 32 x 32 samples.
 */
public record Cifar10(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<SourcePart> parts() {
    List<SourcePart> parts = new ArrayList<>();
    for (Location.Entry file : Location.of(path).list()) {
      if (file.name().matches("data_batch_\\d+\\.bin")) {
        parts.add(new CifarPart(SplitName.TRAIN, file));
      } else if (file.name().equals("test_batch.bin")) {
        parts.add(new CifarPart(SplitName.TEST, file));
      }
    }
    if (parts.isEmpty()) {
      throw ImageSource.empty(path, "files data_batch_1.bin and test_batch.bin");
    }
    return parts;
  }

  /** {@code batches.meta.txt} has a name a line, in order of the labels. */
  @Override
  public Map<String, String> humanNames() {
    Location meta = Location.of(path).child("batches.meta.txt");
    if (classNames().isPresent() || !meta.exists()) {
      return ClassNames.find(Location.of(path), classNames());
    }
    Map<String, String> names = new HashMap<>();
    meta.readText()
        .lines()
        .filter(line -> !line.isBlank())
        .forEach(line -> names.put(Integer.toString(names.size()), line.strip()));
    return names;
  }
}
