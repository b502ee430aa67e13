package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.io.InputStream;
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
  private static final ImageReference.RawPixels PIXELS = new ImageReference.RawPixels(3, 32, 32);
  private static final int PIXEL_BYTES = 3 * 32 * 32;
  private static final int RECORD_BYTES = 1 + PIXEL_BYTES;

  @Override
  public List<ImageReference> list() throws IOException {
    List<ImageReference> references = new ArrayList<>();
    for (Location.Entry file : Location.of(path).list()) {
      if (file.name().matches("data_batch_\\d+\\.bin")) {
        addBatch(SplitName.TRAIN, file, references);
      } else if (file.name().equals("test_batch.bin")) {
        addBatch(SplitName.TEST, file, references);
      }
    }
    if (references.isEmpty()) {
      throw ImageSource.empty(path, "files data_batch_1.bin and test_batch.bin");
    }
    return references;
  }

  private static void addBatch(String split, Location.Entry file, List<ImageReference> references)
      throws IOException {
    if (file.length() % RECORD_BYTES != 0) {
      throw new UserException(
          "Cannot read %s: %d bytes are not whole records of %d. Fetch it again."
              .formatted(file.location(), file.length(), RECORD_BYTES));
    }
    try (InputStream in = Contents.open(file.location())) {
      for (int i = 0; i < file.length() / RECORD_BYTES; i++) {
        int label = in.read();
        in.skipNBytes(PIXEL_BYTES);
        references.add(
            new ImageReference(
                split,
                Integer.toString(label),
                "%s-%05d".formatted(file.name().replace(".bin", ""), i),
                file.location().uri(),
                (long) i * RECORD_BYTES + 1,
                PIXEL_BYTES,
                PIXELS));
      }
    }
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
