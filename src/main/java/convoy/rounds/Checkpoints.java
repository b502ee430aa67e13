package convoy.rounds;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The checkpoints of a run, a folder each. {@code checkpoint.json} is written last: a folder
 * without it is not looked at.
 */
public final class Checkpoints implements Serializable {
  private static final String DESCRIPTION = "checkpoint.json";
  private static final String PARAMETERS = "parameters.bin";
  private static final String MOMENTUM = "momentum.bin";
  private final Location folder;
  private final NetworkSpec network;
  private final int kept;

  /** Of the folders; 2 had the history in them, and none within an epoch. */
  private static final int FORMAT = 3;

  /**
   * @param convoy version and commit that wrote it
   * @param digest of the state
   */
  private record Description(
      int format, String convoy, NetworkSpec network, String digest, Position position) {}

  /**
   * Where training can go on from.
   *
   * @param digest of the state
   */
  public record Checkpoint(Location place, Position position, String digest)
      implements Serializable {

    /** The state. */
    public ModelState state() {
      ModelState state =
          new ModelState(place.child(PARAMETERS).readBytes(), place.child(MOMENTUM).readBytes());
      if (!state.digest().equals(digest)) {
        throw new UserException("Cannot read checkpoint %s: its digest is wrong.".formatted(place));
      }
      return state;
    }

    /** The parameters alone, to ask. */
    public byte[] parameters() {
      return place.child(PARAMETERS).readBytes();
    }
  }

  public Checkpoints(Location folder, NetworkSpec network, int kept) {
    this.folder = folder;
    this.network = network;
    this.kept = kept;
  }

  MeetingPoint meetingPoint() {
    return new MeetingPoint(folder.child("meeting.json"));
  }

  private Location place(Position position) {
    String name = "epoch-%05d".formatted(position.epochs());
    boolean betweenEpochs = position.isEnd() || position.round() == 0;
    return folder.child(betweenEpochs ? name : name + "-round-%06d".formatted(position.round()));
  }

  void save(ModelState state, Position position) {
    Location place = place(position);
    String digest = state.digest();
    place.child(DESCRIPTION).delete();
    place.child(PARAMETERS).writeBytes(state.parameters());
    place.child(MOMENTUM).writeBytes(state.momentum());
    place
        .child(DESCRIPTION)
        .writeText(
            Documents.toJson(
                new Description(FORMAT, Provenance.version(), network, digest, position)));
    complete().stream().skip(kept).forEach(Location::delete);
  }

  /** Keeps a worker's own momentum, before the checkpoint itself is saved. */
  void saveMomentum(byte[] momentum, Position position, int worker) {
    Location place = place(position);
    place.child(momentum(worker)).writeBytes(momentum);
    place.child(momentum(worker) + ".sha256").writeText(Digests.sha256(momentum));
  }

  private static String momentum(int worker) {
    return "momentum-%05d.bin".formatted(worker);
  }

  /** A worker's own momentum. */
  byte[] momentum(Position position, int worker) {
    Location place = place(position);
    byte[] momentum = place.child(momentum(worker)).readBytes();
    if (!Digests.sha256(momentum).equals(place.child(momentum(worker) + ".sha256").readText())) {
      throw new UserException(
          "Cannot read %s: its digest is wrong. Delete folder %s to resume from the one before."
              .formatted(place.child(momentum(worker)), place));
    }
    return momentum;
  }

  /** The newest one, its state not looked at. */
  public Optional<Checkpoint> newest() {
    return complete().stream().findFirst().map(this::describe);
  }

  /**
   * The newest one that is whole. Damaged ones are not looked at from here on.
   *
   * @param note is told of them
   * @param restore is given the state
   */
  Optional<Position> restore(Consumer<String> note, Consumer<ModelState> restore) {
    for (Location place : complete()) {
      Checkpoint checkpoint = describe(place);
      ModelState state;
      try {
        state = checkpoint.state();
      } catch (UserException e) {
        place.child(DESCRIPTION).delete();
        note.accept("%s It is left out from here on.".formatted(e.getMessage()));
        continue;
      }
      restore.accept(state);
      return Optional.of(checkpoint.position());
    }
    return Optional.empty();
  }

  private Checkpoint describe(Location place) {
    Location file = place.child(DESCRIPTION);
    Documents document = Documents.parse(file.uri(), file.readText());
    document.requireFormat(file.uri(), "checkpoint", FORMAT);
    Description description = document.bind(file.uri(), Description.class);
    if (!description.network().equals(network)) {
      throw new UserException(
          "Cannot resume from %s: it is of another network, %s. Name a new folder with --run."
              .formatted(place, description.network()));
    }
    return new Checkpoint(place, description.position(), description.digest());
  }

  /** The newest first. */
  private List<Location> complete() {
    if (!folder.exists()) {
      return List.of();
    }
    return folder.list().stream()
        .map(Location.Entry::location)
        .filter(place -> place.name().startsWith("epoch-"))
        .filter(place -> place.child(DESCRIPTION).exists())
        .sorted(Comparator.comparing(Location::name).reversed())
        .toList();
  }
}
