package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * ImageNet as it is handed out: one tar a class ({@code n01440764.tar}), in a folder or in an outer
 * tar ({@code ILSVRC2012_img_train.tar}), and the flat tar of the validation pictures ({@code
 * ILSVRC2012_img_val.tar}). Pictures are read where they lie; nothing is unpacked.
 *
 * @param validationLabels of the flat tar; see {@link ValidationLabels}
 * @param synsets that the numbers in {@code validationLabels} stand for, where these are numbers
 */
public record ImagenetTars(
    String path,
    Optional<String> classNames,
    Optional<String> validationLabels,
    Optional<String> synsets)
    implements ImageSource {

  @Override
  public List<SourcePart> parts() {
    List<SourcePart> parts = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      if (part.location().isFolder()) {
        for (Location.Entry entry : part.location().list()) {
          if (PictureFiles.isTar(entry.name())) {
            addTar(part.split(), entry.location(), parts);
          }
        }
        parts.add(new Strays(part.location(), "lies beside the class tars"));
      } else {
        addTar(part.split(), part.location(), parts);
      }
    }
    if (parts.stream().noneMatch(TarPart.class::isInstance)) {
      throw ImageSource.empty(path, "tars with pictures");
    }
    return parts;
  }

  private void addTar(String split, Location tar, List<SourcePart> parts) {
    Location.Entry file = tar.entry();
    boolean whole = SplitName.of(tar.name()).equals(split) && !split.isEmpty();
    ImageSource.reading(
        tar.uri(),
        () -> {
          if (!addNested(split, file, parts)) {
            Naming naming =
                whole && validationLabels.isPresent()
                    ? new Naming.ByNumber(
                        split, List.of(ValidationLabels.read(validationLabels.get(), synsets)))
                    : new Naming.OneClass(split, className(tar.name()));
            if (whole && validationLabels.isEmpty()) {
              throw new UserException(
                  "Cannot tell the classes in %s: it is a flat tar. Name the file of their labels in source.validation-labels."
                      .formatted(tar));
            }
            parts.add(new TarPart(file, tar.name(), 0, file.length(), naming));
          }
          return null;
        });
  }

  /** Whether the first file in a tar is a tar; then all of them are parts. */
  private static boolean addNested(String split, Location.Entry file, List<SourcePart> parts)
      throws IOException {
    try (TarReader outer = new TarReader(file.location(), 0, file.length(), 0)) {
      boolean nested = false;
      for (Optional<TarReader.Member> member = outer.next();
          member.isPresent();
          member = outer.next()) {
        String path = member.get().name();
        String name = path.substring(path.lastIndexOf('/') + 1);
        if (PictureFiles.isTar(name)) {
          nested = true;
          parts.add(
              new TarPart(
                  file,
                  name,
                  member.get().offset(),
                  member.get().length(),
                  new Naming.OneClass(split, className(name))));
        } else if (!nested && PictureFiles.isPicture(name)) {
          return false;
        }
      }
      return nested;
    }
  }

  private static String className(String tar) {
    return tar.replaceAll("\\.tar$", "");
  }
}
