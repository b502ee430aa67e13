package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tars in the WebDataset convention: members that share a key, {@code key.jpg} the picture and
 * {@code key.cls} the class, a number or a name. The split is the folder's name or the tar's up to
 * its number: {@code train-000012.tar}.
 */
public record Webdataset(String path, Optional<String> classNames) implements ImageSource {
  private static final int LONGEST_CLASS_NAME_BYTES = 1024;

  @Override
  public List<ImageReference> list() {
    List<ImageReference> references = new ArrayList<>();
    for (SplitFolders.Part part : SplitFolders.of(path).parts()) {
      List<Location.Entry> files =
          part.location().isFolder()
              ? part.location().listFilesBelow()
              : List.of(new Location.Entry(part.location(), false, part.location().length()));
      for (Location.Entry file : files) {
        if (file.name().endsWith(".tar")) {
          String ofName = SplitName.of(file.name().replaceAll("[-_.]?\\d*\\.tar$", ""));
          addTar(part.split().isEmpty() ? ofName : part.split(), file.location(), references);
        }
      }
    }
    if (references.isEmpty()) {
      throw ImageSource.empty(path, "tars with members <key>.jpg and <key>.cls");
    }
    return references;
  }

  private static void addTar(String split, Location tar, List<ImageReference> references) {
    TarMembers members = TarMembers.of(tar);
    Map<String, String> classes = new HashMap<>();
    for (TarMembers.Member member : members.members()) {
      if (member.name().endsWith(".cls") && member.length() <= LONGEST_CLASS_NAME_BYTES) {
        byte[] text = new byte[(int) member.length()];
        tar.readFully(member.offset(), text);
        classes.put(key(member.name()), new String(text, StandardCharsets.UTF_8).strip());
      }
    }
    for (TarMembers.Member member : members.members()) {
      if (PictureFiles.isPicture(member.name())) {
        String className = classes.get(key(member.name()));
        if (className == null || className.isEmpty()) {
          throw new UserException(
              "Cannot tell the class of %s in %s: there is no member %s.cls. Add it or remove the picture."
                  .formatted(member.name(), tar, key(member.name())));
        }
        String name = tar.name() + "/" + member.name();
        references.add(
            new ImageReference(
                split,
                className,
                name,
                tar.uri(),
                member.offset(),
                member.length(),
                ImageReference.RawPixels.NONE));
      }
    }
  }

  /** What the convention takes as key: the name up to the first dot of its last part. */
  private static String key(String name) {
    return name.substring(0, name.indexOf('.', name.lastIndexOf('/') + 1));
  }
}
