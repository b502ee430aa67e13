package convoy.data.sources;

import convoy.core.Location;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tars in the WebDataset convention: members that share a key, {@code key.jpg} the picture and
 * {@code key.cls} the class, a number or a name, or {@code key.json} with a field {@code label},
 * {@code cls} or {@code class}. The split is the folder's name or the tar's up to its number:
 * {@code train-000012.tar}. Tars of a data set of Convoy's keep the names of their classes.
 *
 * @param path a folder, a tar, or several by braces: {@code train-{000000..000146}.tar}
 */
public record Webdataset(String path, Optional<String> classNames) implements ImageSource {

  @Override
  public void requireThere() {
    Braces.expand(path).forEach(ImageSource::requireThere);
  }

  @Override
  public List<SourcePart> parts() {
    requireThere();
    List<SourcePart> parts = new ArrayList<>();
    for (String each : Braces.expand(path)) {
      Location root = Location.of(each);
      List<String> names = LabelIndex.ofDataset(root).map(LabelIndex::classNames).orElse(List.of());
      for (SplitFolders.Part part : SplitFolders.of(each).parts()) {
        List<Location.Entry> files =
            part.location().isFolder()
                ? part.location().listFilesBelow()
                : List.of(part.location().entry());
        for (Location.Entry file : files) {
          if (PictureFiles.isTar(file.name())) {
            String ofName = SplitName.of(file.name().replaceAll("[-_.]?\\d*\\.tar$", ""));
            parts.add(
                new WebdatasetPart(part.split().isEmpty() ? ofName : part.split(), file, names));
          }
        }
      }
    }
    if (parts.isEmpty()) {
      throw ImageSource.empty(path, "tars with members <key>.jpg and <key>.cls");
    }
    return parts;
  }

  @Override
  public Map<String, String> humanNames() {
    Location first = Location.of(Braces.expand(path).get(0));
    Map<String, String> names = new HashMap<>(ClassNames.find(first, classNames()));
    LabelIndex.ofDataset(first)
        .ifPresent(
            own -> own.labels().forEach(l -> names.putIfAbsent(l.className(), l.humanName())));
    return names;
  }
}
