package convoy.registry;

import convoy.core.Documents;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.network.TrainedModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Models that came after one another, and which of them is in use: a folder on any file system with
 * {@code versions/000012/{model, evaluation.json, provenance.json, decision.json}} and {@code
 * champion.json}. A version is complete when its decision is there, and is never changed.
 */
public final class Registry {
  /** What a path that means a model of a registry begins with. */
  public static final String SCHEME = "registry:";

  private static final String CHAMPION = "champion";
  private static final String DECISION = "decision.json";
  private static final String PRUNED = "pruned.json";

  /**
   * One entry of {@code champion.json}; the last one is in use.
   *
   * @param since UTC
   * @param who user and machine
   */
  public record Reign(int version, String since, String who, String why) {}

  /** {@code champion.json}. */
  private record Champion(List<Reign> history) {}

  /**
   * What a version was made of; {@code provenance.json}.
   *
   * @param inputs digest of all that decides what a retraining comes to
   * @param dataset joined data set that it was trained on
   * @param drops all that it has seen, in order
   * @param recipe overlays of {@code conf/train}, and {@code settings} laid over them
   */
  public record Origin(
      String inputs,
      Optional<Integer> champion,
      String dataset,
      List<Drop> drops,
      List<String> recipe,
      List<String> settings,
      Provenance made) {}

  /**
   * New pictures that came together.
   *
   * @param name of its folder or tar
   * @param fingerprint digest of its files' names and lengths
   * @param part of the data set that it became, from the data set's folder
   */
  public record Drop(String name, String fingerprint, String part) {}

  /**
   * What was tried, and what came of it: a version, or what is left of one, {@code pruned.json}.
   *
   * @param words of its decision
   */
  public record Tried(int version, Origin origin, String words) {}

  /** A version as a line of a list. */
  public record Line(
      int version,
      boolean inUse,
      boolean promoted,
      double testTop1Error,
      Optional<Double> pValue,
      String time,
      int drops) {}

  private final Location folder;

  public Registry(Location folder) {
    this.folder = folder;
  }

  public Location folder() {
    return folder;
  }

  Location version(int number) {
    return folder.child("versions").child("%06d".formatted(number));
  }

  /** Numbers of complete versions, ascending. */
  public List<Integer> versions() {
    return with(DECISION);
  }

  /** Versions that have a file. */
  private List<Integer> with(String file) {
    Location versions = folder.child("versions");
    if (!versions.exists()) {
      return List.of();
    }
    return versions.list().stream()
        .filter(entry -> entry.name().matches("\\d{6}"))
        .filter(entry -> entry.location().child(file).exists())
        .map(entry -> Integer.valueOf(entry.name()))
        .sorted()
        .toList();
  }

  /** All that was tried, versions that were deleted since too. */
  public List<Tried> tried() {
    List<Integer> complete = versions();
    return Stream.concat(
            complete.stream()
                .map(version -> new Tried(version, origin(version), decision(version).words())),
            with(PRUNED).stream()
                .filter(version -> !complete.contains(version))
                .map(version -> Documents.read(version(version).child(PRUNED), Tried.class)))
        .toList();
  }

  /** The page about a version's decision. */
  public Location report(int version) {
    return version(version).child("report.html");
  }

  public Decision decision(int version) {
    return Documents.read(require(version).child(DECISION), Decision.class);
  }

  public Origin origin(int version) {
    return Documents.read(require(version).child("provenance.json"), Origin.class);
  }

  private Location require(int version) {
    if (!version(version).child(DECISION).exists()) {
      throw new UserException(
          "Cannot find version %d in registry %s: it has %s. Name one of these."
              .formatted(version, folder, versions()));
    }
    return version(version);
  }

  /** Who was in use when; the last one is. */
  public List<Reign> history() {
    Location file = folder.child("champion.json");
    return file.exists() ? Documents.read(file, Champion.class).history() : List.of();
  }

  /** The version in use. */
  public Optional<Integer> champion() {
    List<Reign> history = history();
    return history.isEmpty()
        ? Optional.empty()
        : Optional.of(history.get(history.size() - 1).version());
  }

  public List<Line> lines() {
    Optional<Integer> champion = champion();
    return versions().stream()
        .map(
            version -> {
              Decision decision = decision(version);
              return new Line(
                  version,
                  champion.equals(Optional.of(version)),
                  decision.promoted(),
                  decision.testTop1Error(),
                  decision.comparison().map(c -> c.pValue()),
                  decision.time(),
                  origin(version).drops().size());
            })
        .toList();
  }

  /**
   * What a path means.
   *
   * @param name {@code registry-12}, or the path's last part
   * @param path of the run or model folder
   */
  public record Meant(String name, String path) {}

  /**
   * The model that a path means: {@code registry:champion}, {@code registry:12}, or any other path,
   * which is left as it is.
   */
  public Meant find(String path) {
    if (!path.startsWith(SCHEME)) {
      return new Meant(Location.of(path).name(), path);
    }
    int version = meant(path);
    return new Meant("registry-" + version, version(version).child("model").uri());
  }

  /** The model folder that a path means. */
  public String resolve(String path) {
    return find(path).path();
  }

  private int meant(String path) {
    String wanted = path.substring(SCHEME.length());
    if (wanted.equals(CHAMPION)) {
      return champion()
          .orElseThrow(
              () ->
                  new UserException(
                      "Cannot use %s: registry %s has no champion. Run jobs/retrain.sh, or set registry to another one."
                          .formatted(path, folder)));
    }
    if (!wanted.matches("\\d{1,6}")) {
      throw new UserException(
          "Cannot use %s: it is neither registry:champion nor registry: and a number."
              .formatted(path));
    }
    int version = Integer.parseInt(wanted);
    Location unused = require(version);
    return version;
  }

  /**
   * Puts a version into use.
   *
   * @return false where it is already
   */
  public boolean promote(int version, String why) {
    try (Lease lease = Lease.take(folder, "registry")) {
      Location unused = require(version);
      return promote(version, why, lease);
    }
  }

  boolean promote(int version, String why, Lease lease) {
    if (champion().equals(Optional.of(version))) {
      return false;
    }
    List<Reign> history = new ArrayList<>(history());
    history.add(
        new Reign(
            version,
            Provenance.now(),
            "%s on %s".formatted(System.getProperty("user.name"), Lease.hostName()),
            why));
    lease.requireHeld();
    folder.child("champion.json").writeText(Documents.toJson(new Champion(history)));
    return true;
  }

  /**
   * Puts the version into use that was before the one that is.
   *
   * @return its number
   */
  public int rollback(String why) {
    try (Lease lease = Lease.take(folder, "registry")) {
      int before =
          before()
              .orElseThrow(
                  () ->
                      new UserException(
                          "Cannot roll back registry %s: no other version was in use before. Promote one with jobs/registry.sh promote N."
                              .formatted(folder)));
      boolean unused = promote(before, why, lease);
      return before;
    }
  }

  /** The version that was in use before the one that is. */
  private Optional<Integer> before() {
    int now = champion().orElse(0);
    List<Integer> complete = versions();
    return history().stream()
        .map(Reign::version)
        .filter(version -> version != now && complete.contains(version))
        .reduce((earlier, later) -> later);
  }

  /**
   * Deletes all but the newest versions; the one in use and the one before it stay, and of the
   * others what they were made of, so that it is not tried again.
   *
   * @return what was deleted
   */
  public List<Integer> prune(int keep) {
    try (Lease lease = Lease.take(folder, "registry")) {
      List<Integer> needed = Stream.concat(champion().stream(), before().stream()).toList();
      List<Integer> newestFirst = versions().stream().sorted(Comparator.reverseOrder()).toList();
      List<Integer> deleted =
          newestFirst.stream()
              .skip(keep)
              .filter(version -> !needed.contains(version))
              .sorted()
              .toList();
      for (int version : deleted) {
        lease.requireHeld();
        Tried tried = new Tried(version, origin(version), decision(version).words());
        version(version).child(PRUNED).writeText(Documents.toJson(tried));
        // The decision first: a version that is half deleted is none.
        version(version).child(DECISION).delete();
      }
      // Those of a process that was killed on its way, too.
      List<Integer> kept = versions();
      for (int version : with(PRUNED)) {
        if (!kept.contains(version)) {
          version(version).list().stream()
              .filter(entry -> !entry.name().equals(PRUNED))
              .forEach(entry -> entry.location().delete());
        }
      }
      return deleted;
    }
  }

  /** The number that a new version gets; what a killed process left of it is removed. */
  int next() {
    List<Integer> complete = versions();
    int last = complete.isEmpty() ? 0 : complete.get(complete.size() - 1);
    version(last + 1).delete();
    return last + 1;
  }

  /** Writes a version; the decision comes last. */
  void add(TrainedModel model, Origin origin, Decision decision, Runnable reports, Lease lease) {
    Location place = version(decision.version());
    TrainedModel.write(place.child("model"), model.description(), model.parameters());
    place.child("provenance.json").writeText(Documents.toJson(origin));
    reports.run();
    lease.requireHeld();
    place.child(DECISION).writeText(Documents.toJson(decision));
  }
}
