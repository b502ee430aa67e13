package convoy.train;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.ModelState;
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
  private final int kept;

  /**
   * @param digest of the state
   */
  private record Description(String digest, TrainingHistory history) {}

  /** Where training goes on from. */
  record Checkpoint(ModelState state, TrainingHistory history) {}

  Checkpoints(Location folder, int kept) {
    this.folder = folder;
    this.kept = kept;
  }

  void save(ModelState state, TrainingHistory history) {
    Location place = folder.child("epoch-%05d".formatted(history.epochs().size()));
    place.delete();
    place.child("parameters.bin").writeBytes(state.parameters());
    place.child("momentum.bin").writeBytes(state.momentum());
    place.child(DESCRIPTION).writeText(Documents.toJson(new Description(state.digest(), history)));
    List<Location> complete = complete();
    complete.stream().skip(kept).forEach(Location::delete);
  }

  Optional<Checkpoint> last() {
    return complete().stream().findFirst().map(Checkpoints::read);
  }

  private static Checkpoint read(Location place) {
    Description description = Documents.read(place.child(DESCRIPTION), Description.class);
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
