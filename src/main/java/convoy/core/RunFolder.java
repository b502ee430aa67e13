package convoy.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The folder that a job writes: the configuration it runs with, who ran it, and its results. Naming
 * an existing run resumes it, so its configuration has to be the same one.
 *
 * @param location of the folder
 */
public record RunFolder(Location location) {
  private static final String KIND = "run";
  private static final String CONFIG = "config.yaml";
  private static final String JOB = "# job: ";
  private static final String PROVENANCE = "provenance.json";

  /**
   * Makes the folder, or opens it again.
   *
   * @param config the whole configuration, a record
   * @throws UserException if the folder holds a run with another configuration, naming what
   *     differs, or something that is no run
   */
  public static RunFolder open(
      Location location, String job, Record config, Provenance provenance) {
    return open(location, job, config, List.of(), provenance);
  }

  /**
   * The same.
   *
   * @param free last parts of keys whose values may be others when a run is resumed; they are noted
   */
  public static RunFolder open(
      Location location, String job, Record config, List<String> free, Provenance provenance) {
    RunFolder run = new RunFolder(location);
    String text = text(job, config);
    run.requireFit(text, config.getClass(), free);
    if (run.file(CONFIG).exists()) {
      if (!free.isEmpty() && !run.file(CONFIG).readText().equals(text)) {
        run.file(CONFIG).writeText(text);
      }
      return run;
    }
    run.file(CONFIG).writeText(text);
    run.file(PROVENANCE).writeText(Documents.toJson(provenance));
    return run;
  }

  /**
   * Whether {@link #open} will do; changes nothing.
   *
   * @throws UserException if not
   */
  public static void require(Location location, String job, Record config, List<String> free) {
    new RunFolder(location).requireFit(text(job, config), config.getClass(), free);
  }

  private static String text(String job, Record config) {
    return JOB + job + "\n" + Documents.toYaml(config);
  }

  private void requireFit(String text, Class<? extends Record> type, List<String> free) {
    if (file(CONFIG).exists()) {
      requireSameConfig(text, type, free);
    } else if (location.exists() && !location.list().isEmpty()) {
      throw new UserException(
          "Cannot start a run in %s: the folder is not empty and holds no run. Name a new folder."
              .formatted(location));
    }
  }

  /**
   * One that is there already.
   *
   * @throws UserException if the folder holds no run of that job
   */
  public static RunFolder existing(Location location, String job) {
    RunFolder run = new RunFolder(location);
    if (!run.config().exists()) {
      throw new UserException(
          "Cannot find a run in %s: it has no %s. Name the folder that was given to jobs/%s.sh with --run."
              .formatted(location, CONFIG, job));
    }
    if (!run.job().equals(job)) {
      throw new UserException(
          "Cannot use %s: it is a run of jobs/%s.sh, not of jobs/%s.sh."
              .formatted(location, run.job(), job));
    }
    return run;
  }

  /** The configuration it runs with. */
  public Location config() {
    return file(CONFIG);
  }

  /** Who began it, with what. */
  public Provenance provenance() {
    return Documents.read(file(PROVENANCE), Provenance.class);
  }

  public Location file(String name) {
    return location.child(name);
  }

  /** The right to write into it, for one job at a time. */
  public Lease lease() {
    return Lease.take(location, KIND);
  }

  /** Refuses a run that somebody is at work on. */
  public void requireFree() {
    Lease.requireFree(location, KIND);
  }

  /**
   * Writes down what the run depends on beside its configuration, or refuses to resume with
   * another.
   *
   * @param what it is, for the message
   */
  public void requireSame(String name, String content, String what) {
    requireNoOther(name, () -> content, what);
    if (!file(name).exists()) {
      file(name).writeText(content);
    }
  }

  /** Refuses as {@link #requireSame} does, and writes nothing. */
  public void requireNoOther(String name, Supplier<String> content, String what) {
    if (file(name).exists() && !file(name).readText().equals(content.get())) {
      throw new UserException(
          "Cannot resume %s: the %s is another one than at its start. Name a new folder with --run."
              .formatted(location, what));
    }
  }

  private String job() {
    return config().readText().lines().findFirst().orElse("").replaceFirst(JOB, "");
  }

  private void requireSameConfig(String text, Class<? extends Record> type, List<String> free) {
    String job = text.lines().findFirst().orElse("").replaceFirst(JOB, "");
    if (!job().equals(job)) {
      throw new UserException(
          "Cannot use %s: it is a run of jobs/%s.sh, not of jobs/%s.sh. Name a new folder with --run."
              .formatted(location, job(), job));
    }
    List<String> there = fixed(whole(file(CONFIG), type), free);
    List<String> wanted = fixed(text, free);
    if (!there.equals(wanted)) {
      throw new UserException(
          "Cannot resume %s: its configuration differs from this one (%s). Name a new folder with --run, or give the settings it was started with."
              .formatted(location, String.join("; ", differences(there, wanted))));
    }
  }

  /** With keys that there were not yet when it was written; what they mean then is in the type. */
  private static String whole(Location file, Class<? extends Record> type) {
    String text = file.readText();
    try {
      String job = text.lines().findFirst().orElse("");
      return job
          + "\n"
          + Documents.toYaml(Documents.parse(file.uri(), text).bind(file.uri(), type));
    } catch (UserException e) {
      // It differs, then, and is shown as it stands.
      return text;
    }
  }

  private static List<String> fixed(String text, List<String> free) {
    List<String> fixed = new ArrayList<>();
    boolean isFree = false;
    for (String line : text.lines().toList()) {
      // What is in a list comes in lines of its own.
      isFree =
          free.stream().anyMatch(key -> line.strip().startsWith(key + ":"))
              || isFree && line.strip().startsWith("- ");
      if (!isFree) {
        fixed.add(line);
      }
    }
    return fixed;
  }

  private static List<String> differences(List<String> there, List<String> wanted) {
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < Math.max(there.size(), wanted.size()) && differences.size() < 3; i++) {
      String old = i < there.size() ? there.get(i).strip() : "nothing";
      String now = i < wanted.size() ? wanted.get(i).strip() : "nothing";
      if (!Objects.equals(old, now)) {
        differences.add("there '%s', here '%s'".formatted(old, now));
      }
    }
    return differences;
  }
}
