package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The four files of MNIST in idx format (LeCun, Cortes, Burges, 1998), plain or {@code .gz}.
 * Fashion and Kuzushiji MNIST have the same names and format.
 */
public record Mnist(String path, Optional<String> classNames) implements ImageSource {
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;
  private static final int IMAGES_HEADER_BYTES = 16;

  @Override
  public List<ImageReference> list() throws IOException {
    List<ImageReference> references = new ArrayList<>();
    addSplit(SplitName.TRAIN, "train", references);
    addSplit(SplitName.TEST, "t10k", references);
    return references;
  }

  private void addSplit(String split, String prefix, List<ImageReference> references)
      throws IOException {
    Location images = file(prefix + "-images", "idx3-ubyte");
    byte[] labels = labels(file(prefix + "-labels", "idx1-ubyte"));
    try (DataInputStream in = new DataInputStream(Contents.open(images))) {
      require(in.readInt() == IMAGES_MAGIC, images, "it does not begin as an idx file of images");
      int count = in.readInt();
      int height = in.readInt();
      int width = in.readInt();
      require(
          count == labels.length,
          images,
          "it has %d images but there are %d labels".formatted(count, labels.length));
      for (int i = 0; i < count; i++) {
        references.add(
            new ImageReference(
                split,
                Integer.toString(labels[i]),
                "%s-%05d".formatted(prefix, i),
                images.uri(),
                IMAGES_HEADER_BYTES + (long) i * height * width,
                (long) height * width,
                new ImageReference.RawPixels(1, height, width)));
      }
    }
  }

  private static byte[] labels(Location file) throws IOException {
    try (DataInputStream in = new DataInputStream(Contents.open(file))) {
      require(in.readInt() == LABELS_MAGIC, file, "it does not begin as an idx file of labels");
      byte[] labels = new byte[in.readInt()];
      in.readFully(labels);
      return labels;
    }
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

  private static void require(boolean holds, Location file, String reason) {
    if (!holds) {
      throw new UserException("Cannot read %s: %s. Fetch it again.".formatted(file, reason));
    }
  }
}
