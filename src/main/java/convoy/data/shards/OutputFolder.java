package convoy.data.shards;

import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import java.time.Duration;
import java.util.List;

/** A data set's folder while it is being made. Only what Convoy made is ever deleted in it. */
final class OutputFolder {
  /** What marks an unfinished data set; a run's folder has another file. */
  private static final String BEGUN = "partition.json";

  private static final String WORK = "work";

  /** What goes with a complete data set that is replaced. */
  private static final List<String> OURS =
      List.of(ShardPlan.FOLDER, WORK, NoteFile.REJECTED, NoteFile.SKIPPED, NoteFile.DUPLICATES);

  private final Location folder;

  OutputFolder(Location folder) {
    this.folder = folder;
  }

  /** Refuses a folder with a complete data set, unless that may go, or with files of others. */
  void requireFree(boolean overwrite) {
    boolean complete = folder.child(DatasetManifest.FILE).exists();
    if (complete && !overwrite) {
      throw new UserException(
          "Cannot write data set %s: there is a complete one. Name another output, or set overwrite=true."
              .formatted(folder));
    }
    if (!complete && !folder.child(BEGUN).exists() && folder.exists()) {
      List<String> others =
          folder.list().stream()
              .map(Location.Entry::name)
              .filter(name -> !name.equals(Lease.FILE))
              .toList();
      if (!others.isEmpty()) {
        throw new UserException(
            "Cannot write data set %s: the folder is not empty and holds no unfinished data set. Name a new one."
                .formatted(folder));
      }
    }
  }

  /** From here on it is an unfinished data set. A complete one goes, its manifest first. */
  void begin(Provenance provenance) {
    // Before anything goes: what is left by a kill has to be known as ours.
    folder.child(BEGUN).writeText(Documents.toJson(provenance));
    if (folder.child(DatasetManifest.FILE).exists()) {
      folder.child(DatasetManifest.FILE).delete();
      OURS.forEach(name -> folder.child(name).delete());
    }
  }

  Location file(String name) {
    return folder.child(name);
  }

  Location work() {
    return folder.child(WORK);
  }

  /**
   * Of one listing: those of another source, or of other splits, are apart.
   *
   * @param identity of what is listed
   */
  ListingNotes notes(String identity) {
    return new ListingNotes(work().child("listing-" + identity));
  }

  /** The shards of a plan; those of another plan go. */
  PlannedShards planned(ShardPlan plan, String fingerprint, int channels, int classes) {
    Location results = work().child("shards-" + fingerprint);
    if (!results.exists()) {
      folder.child(ShardPlan.FOLDER).delete();
    }
    if (work().exists()) {
      for (Location.Entry entry : work().list()) {
        if (entry.name().startsWith("shards-") && !entry.name().equals(results.name())) {
          entry.location().delete();
        }
      }
    }
    return new PlannedShards(folder, plan, results, channels, classes);
  }

  /** The manifest is there; what only the making needed goes, and what killed tasks have left. */
  void finish() {
    folder.child(ShardPlan.FOLDER).deletePartials(Duration.ZERO);
    work().delete();
    folder.child(BEGUN).delete();
  }
}
