package convoy.data.shards;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.data.sources.FoundPictures;
import convoy.data.sources.SourcePart.Skipped;
import convoy.data.sources.SourcePicture;
import java.io.Serializable;
import java.util.List;

/**
 * What tasks write down while they list a source: files of the output, which the driver never
 * holds.
 */
record ListingNotes(Location folder) implements Serializable {

  /** Files that were skipped, one a part that has some. */
  Location skipped() {
    return folder.child("skipped");
  }

  void skipped(int part, List<Skipped> files) {
    StringBuilder rows = new StringBuilder();
    files.forEach(file -> rows.append(NoteFile.row(file.name(), file.file(), file.reason())));
    skipped().child("part-%06d.tsv".formatted(part)).writeText(rows.toString());
  }

  /**
   * Pictures of a stretch.
   *
   * @param from the mark at which it begins
   */
  void found(int part, long from, List<SourcePicture> pictures) {
    found(part, from).writeText(Documents.toJsonLine(FoundPictures.of(pictures)));
  }

  FoundPictures read(int part, long from) {
    return Documents.read(found(part, from), FoundPictures.class);
  }

  private Location found(int part, long from) {
    return folder.child("found").child("part-%06d-%09d.json".formatted(part, from));
  }

  void delete() {
    folder.delete();
  }
}
