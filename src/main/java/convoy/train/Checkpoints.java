package convoy.train;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The checkpoints of a run, a folder an epoch. {@code checkpoint.json} is written last: a folder
 * without it is not looked at.
 */
final class Checkpoints {
  private static final String DESCRIPTION = "checkpoint.json";
  private final Location folder;
  private final NetworkSpec network;
  private final int kept;

  /** Of the folders; 1 had the values in the order of one engine. */
  private static final int FORMAT = 2;

  /**
   * @param convoy version and commit that wrote it
   * @param digest of the state
   */
  private record Description(
      int format, String convoy, NetworkSpec network, String digest, TrainingHistory history) {}

  /** Where training goes on from. */
  record Checkpoint(ModelState state, TrainingHistory history) {}

  Checkpoints(Location folder, NetworkSpec network, int kept) {
    this.folder = folder;
    this.network = network;
    this.kept = kept;
  }

  void save(ModelState state, TrainingHistory history) {
    Location place = folder.child("epoch-%05d".formatted(history.epochs().size()));
    place.delete();
    place.child("parameters.bin").writeBytes(state.parameters());
    place.child("momentum.bin").writeBytes(state.momentum());
    place
        .child(DESCRIPTION)
        .writeText(
            Documents.toJson(
                new Description(FORMAT, Provenance.version(), network, state.digest(), history)));
    List<Location> complete = complete();
    complete.stream().skip(kept).forEach(Location::delete);
  }

  Optional<Checkpoint> last() {
    return complete().stream().findFirst().map(this::read);
  }

  private Checkpoint read(Location place) {
    Location file = place.child(DESCRIPTION);
    Documents document = Documents.parse(file.uri(), file.readText());
    document.requireFormat(file.uri(), "checkpoint", FORMAT);
    Description description = document.bind(file.uri(), Description.class);
    if (!description.network().equals(network)) {
      throw new UserException(
          "Cannot resume from %s: it is of another network, %s. Name a new folder with --run."
              .formatted(place, description.network()));
    }
    ModelState state =
        new ModelState(
            place.child("parameters.bin").readBytes(), place.child("momentum.bin").readBytes());
    if (!state.digest().equals(description.digest())) {
      throw new UserException(
          "Cannot resume from %s: its digest is wrong. Delete this folder to resume from the one before."
              .formatted(place));
    }
    return new Checkpoint(state, description.history());
  }

  /** The newest first. */
  private List<Location> complete() {
    if (!folder.exists()) {
      return List.of();
    }
    return folder.list().stream()
        .map(Location.Entry::location)
        .filter(place -> place.child(DESCRIPTION).exists())
        .sorted(Comparator.comparing(Location::name).reversed())
        .toList();
  }
}
