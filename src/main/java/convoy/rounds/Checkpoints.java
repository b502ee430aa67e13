package convoy.rounds;

import convoy.core.Digests;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a run, a folder each. {@code checkpoint.json} is written last: a folder
 * without it is not looked at.
 */
public final class Checkpoints implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
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
   * @param parameters their sha256
   */
  private record Description(
      int format,
      String convoy,
      NetworkSpec network,
      String digest,
      String parameters,
      Position position) {}

  /**
   * Where training can go on from.
   *
   * @param digest of the state
   * @param sha256 of the parameters
   */
  public record Checkpoint(Location place, Position position, String digest, String sha256)
      implements Serializable {

    /** The state; nothing if it is damaged. What cannot be read now may be whole. */
    private Optional<ModelState> state() {
      if (!place.child(PARAMETERS).exists() || !place.child(MOMENTUM).exists()) {
        return Optional.empty();
      }
      return Optional.of(
              new ModelState(
                  place.child(PARAMETERS).readBytes(), place.child(MOMENTUM).readBytes()))
          .filter(state -> state.digest().equals(digest));
    }

    /** The parameters alone, to ask. */
    public byte[] parameters() {
      byte[] parameters = place.child(PARAMETERS).readBytes();
      if (!Digests.sha256(parameters).equals(sha256)) {
        throw new UserException(
            "Cannot use checkpoint %s: it is damaged. Run again with the same --run to go on from the one before."
                .formatted(place));
      }
      return parameters;
    }
  }

  public Checkpoints(Location folder, NetworkSpec network, int kept) {
    this.folder = folder;
    this.network = network;
    this.kept = kept;
  }

  MeetingPoint meetingPoint() {
    return MeetingPoint.in(folder);
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
                new Description(
                    FORMAT,
                    Provenance.version(),
                    network,
                    digest,
                    Digests.sha256(state.parameters()),
                    position)));
    complete().stream().limit(kept).reduce((newer, older) -> older).ifPresent(this::deleteBefore);
  }

  /** Whole ones and what is left of others. */
  private void deleteBefore(Location oldest) {
    places().filter(place -> place.name().compareTo(oldest.name()) < 0).forEach(Location::delete);
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
    List<Location> damaged = new ArrayList<>();
    for (Location place : complete()) {
      Checkpoint checkpoint = describe(place);
      Optional<ModelState> state = checkpoint.state();
      if (state.isPresent()) {
        damaged.forEach(
            other -> {
              other.child(DESCRIPTION).delete();
              String text = "Checkpoint %s is damaged, and left out from here on.".formatted(other);
              LOG.warn(text);
              note.accept(text);
            });
        restore.accept(state.get());
        return Optional.of(checkpoint.position());
      }
      damaged.add(place);
    }
    if (!damaged.isEmpty()) {
      throw new UserException(
          "Cannot resume: all checkpoints in %s are damaged. Begin a new run with another --run."
              .formatted(folder));
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
    return new Checkpoint(
        place, description.position(), description.digest(), description.parameters());
  }

  /** The newest first. */
  private List<Location> complete() {
    return places()
        .filter(place -> place.child(DESCRIPTION).exists())
        .sorted(Comparator.comparing(Location::name).reversed())
        .toList();
  }

  private Stream<Location> places() {
    return folder.exists()
        ? folder.list().stream()
            .map(Location.Entry::location)
            .filter(place -> place.name().startsWith("epoch-"))
        : Stream.of();
  }
}
