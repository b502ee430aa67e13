package convoy.registry;

import convoy.core.Digests;
import convoy.core.Location;
import convoy.data.sources.ImageSource;
import convoy.registry.Registry.Drop;
import java.util.ArrayList;
import java.util.List;

/** New data as it arrives: dated folders or tars below one path. */
final class Drops {
  private static final String TAR = ".tar";

  private Drops() {}

  /**
   * A drop that is there.
   *
   * @param empty whether it has no files
   */
  record Found(String name, String fingerprint, ImageSource source, boolean empty) {

    boolean is(Drop drop) {
      return drop.name().equals(name) && drop.fingerprint().equals(fingerprint);
    }
  }

  /** All drops, in order of their names; their pictures are not read. */
  static List<Found> in(RetrainingConfig.Source where) {
    List<Found> found = new ArrayList<>();
    for (Location.Entry entry : Location.of(where.path()).list()) {
      if ((entry.folder() || entry.name().endsWith(TAR)) && !where.skip().contains(entry.name())) {
        found.add(of(entry, where.drop(entry.location())));
      }
    }
    return found;
  }

  private static Found of(Location.Entry entry, ImageSource source) {
    Location place = entry.location();
    List<Location.Entry> files = entry.folder() ? place.listFilesBelow() : List.of(entry);
    StringBuilder names = new StringBuilder();
    for (Location.Entry file : files) {
      names.append("%s %d\n".formatted(below(place, file.location()), file.length()));
    }
    String fingerprint = Digests.sha256(names.toString()).substring(0, 16);
    return new Found(place.name(), fingerprint, source, files.isEmpty());
  }

  private static String below(Location folder, Location file) {
    return file.uri().substring(folder.uri().length());
  }
}
