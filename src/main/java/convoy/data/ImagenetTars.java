package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * ImageNet as it is handed out: one tar a class ({@code n01440764.tar}), in a folder or in an outer
 * tar ({@code ILSVRC2012_img_train.tar}). Pictures are read where they lie; nothing is unpacked.
 */
public record ImagenetTars(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public List<ImageReference> list() {
    List<ImageReference> references = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      if (part.location().isFolder()) {
        for (Location.Entry entry : part.location().list()) {
          if (PictureFiles.extension(entry.name()).equals("tar")) {
            addTar(part.split(), entry.location(), references);
          }
        }
      } else {
        addTar(part.split(), part.location(), references);
      }
    }
    if (references.isEmpty()) {
      throw ImageSource.empty(path, "tars with pictures");
    }
    return references;
  }

  private static void addTar(String split, Location tar, List<ImageReference> references) {
    TarMembers outer = TarMembers.of(tar);
    boolean nested = outer.members().stream().anyMatch(member -> member.name().endsWith(".tar"));
    if (!nested) {
      addClass(split, tar.name(), outer, references);
      return;
    }
    for (TarMembers.Member inner : outer.members()) {
      if (inner.name().endsWith(".tar")) {
        String name = inner.name().substring(inner.name().lastIndexOf('/') + 1);
        addClass(split, name, TarMembers.of(tar, inner.offset(), inner.length()), references);
      }
    }
  }

  private static void addClass(
      String split, String tarName, TarMembers tar, List<ImageReference> references) {
    int before = references.size();
    String className = tarName.replaceAll("\\.tar$", "");
    for (TarMembers.Member member : tar.members()) {
      if (PictureFiles.isPicture(member.name())) {
        references.add(
            new ImageReference(
                split,
                className,
                member.name(),
                tar.file(),
                member.offset(),
                member.length(),
                ImageReference.RawPixels.NONE));
      }
    }
    if (references.size() == before) {
      throw new UserException(
          "Cannot use class tar %s in %s: it has no pictures. Fetch it again or remove it."
              .formatted(tarName, tar.file()));
    }
  }
}
