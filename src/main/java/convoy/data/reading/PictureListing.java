package convoy.data.reading;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.ShardIndex;
import convoy.data.sources.ImageSource;
import convoy.data.sources.PictureFiles;
import convoy.data.sources.SplitName;
import convoy.data.sources.TarReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Pictures that have no labels, or whose labels don't matter: files and members of tars below a
 * folder, or the examples of a data set.
 */
public final class PictureListing {
  private static final String TAR = ".tar";

  private PictureListing() {}

  /**
   * References to every picture, file after file.
   *
   * @param split of a data set; empty takes all
   * @throws UserException if there is none
   */
  public static List<PictureReference> of(Location path, Optional<String> split) {
    ImageSource.requireThere(path.uri());
    List<PictureReference> pictures =
        path.child(DatasetManifest.FILE).exists()
            ? ofDataset(path, DatasetManifest.read(path), split)
            : ofFiles(path);
    if (pictures.isEmpty()) {
      throw ImageSource.empty(path.uri(), "pictures, and no tars with some");
    }
    return pictures;
  }

  private static List<PictureReference> ofFiles(Location path) {
    List<PictureReference> pictures = new ArrayList<>();
    List<Location.Entry> files = path.isFolder() ? path.listFilesBelow() : List.of(path.entry());
    for (Location.Entry file : files) {
      String name = path.isFolder() ? below(path, file.location()) : file.name();
      if (PictureFiles.isPicture(file.name())) {
        pictures.add(reference(name, file.location(), 0, file.length()));
      } else if (file.name().endsWith(TAR)) {
        addMembers(name, file, pictures);
      }
    }
    return pictures;
  }

  private static void addMembers(
      String name, Location.Entry file, List<PictureReference> pictures) {
    try (TarReader tar = new TarReader(file.location(), 0, file.length(), 0)) {
      for (Optional<TarReader.Member> next = tar.next(); next.isPresent(); next = tar.next()) {
        TarReader.Member member = next.get();
        if (PictureFiles.isPicture(member.name())) {
          pictures.add(
              reference(
                  name + "/" + member.name(), file.location(), member.offset(), member.length()));
        }
      }
    } catch (IOException e) {
      throw new UserException(
          "Cannot read tar %s: %s. Fetch it again; it may be cut short."
              .formatted(file.location(), e.getMessage()),
          e);
    }
  }

  private static String below(Location folder, Location file) {
    return file.uri().substring(folder.uri().length()).replaceFirst("^/", "");
  }

  private static List<PictureReference> ofDataset(
      Location dataset, DatasetManifest manifest, Optional<String> split) {
    List<PictureReference> pictures = new ArrayList<>();
    List<String> names =
        split.map(SplitName::spelled).map(List::of).orElse(List.copyOf(manifest.splits().keySet()));
    for (String name : names) {
      for (DatasetManifest.Shard shard : manifest.split(name).shards()) {
        Location tar = dataset.child(shard.path());
        Documents.read(dataset.child(ShardIndex.path(shard.path())), ShardIndex.class)
            .entries()
            .forEach(
                entry ->
                    pictures.add(reference(entry.name(), tar, entry.offset(), entry.length())));
      }
    }
    return pictures;
  }

  private static PictureReference reference(String name, Location file, long offset, long length) {
    return new PictureReference(name, file.uri(), offset, length);
  }
}
