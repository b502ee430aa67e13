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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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

  /** Of the folders; 2 had the history in them, 3 no vectors of rules. */
  private static final int FORMAT = 4;

  /**
   * @param convoy version and commit that wrote it
   * @param digest of the state
   * @param parameters their sha256
   * @param vectors sha256 of what rules remember, by name
   */
  private record Description(
      int format,
      String convoy,
      NetworkSpec network,
      String digest,
      String parameters,
      Map<String, String> vectors,
      Position position) {}

  /**
   * What is kept.
   *
   * @param vectors that rules remember, by name, as long as the parameters
   */
  record Content(ModelState state, Map<String, byte[]> vectors) {

    /** Refuses what nobody could go on from. */
    void requireFinite() {
      Stream.concat(Stream.of(state.parameters(), state.momentum()), vectors.values().stream())
          .forEach(Content::requireFinite);
    }

    private static void requireFinite(byte[] vector) {
      ModelState.firstNotFinite(vector)
          .ifPresent(
              i -> {
                throw new UserException(
                    "Cannot go on training: a value became %s. Lower the learning rate, or the rate of training.outer-step."
                        .formatted(ModelState.floats(vector).get(i)));
              });
    }
  }

  /**
   * Where training can go on from.
   *
   * @param convoy version and commit that wrote it
   * @param digest of the state
   * @param sha256 of the parameters
   * @param vectors sha256 of what rules remember
   */
  public record Checkpoint(
      Location place,
      Position position,
      String convoy,
      String digest,
      String sha256,
      Map<String, String> vectors)
      implements Serializable {

    /** The state; nothing if it is damaged. What cannot be read now may be whole. */
    private Optional<Content> content() {
      Stream<String> files =
          Stream.concat(
              Stream.of(PARAMETERS, MOMENTUM), vectors.keySet().stream().map(Checkpoints::file));
      if (!files.allMatch(file -> place.child(file).exists())) {
        return Optional.empty();
      }
      ModelState state =
          new ModelState(place.child(PARAMETERS).readBytes(), place.child(MOMENTUM).readBytes());
      Map<String, byte[]> others = new TreeMap<>();
      vectors.keySet().forEach(name -> others.put(name, place.child(file(name)).readBytes()));
      boolean whole =
          state.digest().equals(digest)
              && others.entrySet().stream()
                  .allMatch(
                      one -> Digests.sha256(one.getValue()).equals(vectors.get(one.getKey())));
      return whole ? Optional.of(new Content(state, others)) : Optional.empty();
    }

    /** The parameters alone, to ask: their moving average where there is one. */
    public byte[] parameters() {
      String average = vectors.get(RoundAverage.AVERAGE);
      byte[] parameters =
          place.child(average == null ? PARAMETERS : file(RoundAverage.AVERAGE)).readBytes();
      if (!Digests.sha256(parameters).equals(average == null ? sha256 : average)) {
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

  private static String file(String vector) {
    return vector + ".bin";
  }

  void save(Content content, Position position) {
    ModelState state = content.state();
    Location place = place(position);
    String digest = state.digest();
    place.child(DESCRIPTION).delete();
    place.child(PARAMETERS).writeBytes(state.parameters());
    place.child(MOMENTUM).writeBytes(state.momentum());
    Map<String, String> vectors = new TreeMap<>();
    content
        .vectors()
        .forEach(
            (name, bytes) -> {
              place.child(file(name)).writeBytes(bytes);
              vectors.put(name, Digests.sha256(bytes));
            });
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
                    vectors,
                    position)));
    complete().stream().limit(kept).reduce((newer, older) -> older).ifPresent(this::deleteBefore);
  }

  /** Whole ones and what is left of others. */
  private void deleteBefore(Location oldest) {
    places().filter(place -> place.name().compareTo(oldest.name()) < 0).forEach(Location::delete);
  }

  /** Keeps vectors of a worker's own, before the checkpoint itself is saved. */
  void saveOwn(Map<String, byte[]> vectors, Position position, int worker) {
    Location place = place(position);
    vectors.forEach(
        (name, bytes) -> {
          Location file = place.child(file(own(name, worker)));
          file.writeBytes(bytes);
          place.child(file.name() + ".sha256").writeText(Digests.sha256(bytes));
        });
  }

  private static String own(String name, int worker) {
    return "%s-%05d".formatted(name, worker);
  }

  /** Vectors of a worker's own. */
  Map<String, byte[]> own(Set<String> names, Position position, int worker) {
    Location place = place(position);
    Map<String, byte[]> vectors = new TreeMap<>();
    for (String name : names) {
      Location file = place.child(file(own(name, worker)));
      byte[] bytes = file.readBytes();
      if (!Digests.sha256(bytes).equals(place.child(file.name() + ".sha256").readText())) {
        throw new UserException(
            "Cannot read %s: its digest is wrong. Delete folder %s to resume from the one before."
                .formatted(file, place));
      }
      vectors.put(name, bytes);
    }
    return vectors;
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
  Optional<Position> restore(Consumer<String> note, Consumer<Content> restore) {
    List<Location> damaged = new ArrayList<>();
    for (Location place : complete()) {
      Checkpoint checkpoint = describe(place);
      Optional<Content> content = checkpoint.content();
      if (content.isPresent()) {
        damaged.forEach(
            other -> {
              other.child(DESCRIPTION).delete();
              String text = "Checkpoint %s is damaged, and left out from here on.".formatted(other);
              LOG.warn(text);
              note.accept(text);
            });
        if (!checkpoint.convoy().equals(Provenance.version())) {
          note.accept(
              "Checkpoint %s was written by Convoy %s, this is %s: from here on its bits may be others."
                  .formatted(place, checkpoint.convoy(), Provenance.version()));
        }
        restore.accept(content.get());
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
        place,
        description.position(),
        description.convoy(),
        description.digest(),
        description.parameters(),
        description.vectors());
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
