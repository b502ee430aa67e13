package convoy.job;

import convoy.core.Checks;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.registry.Decision;
import convoy.registry.Registry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Looks after a registry of models. Starts no Spark. */
final class RegistryJob implements Job<RegistryJob.Config> {
  enum Action {
    LIST,
    SHOW,
    PROMOTE,
    ROLLBACK,
    PRUNE
  }

  enum Format {
    TEXT,
    JSON
  }

  /** {@code conf/registry.yaml} explains each key. */
  record Config(
      String registry,
      Action action,
      Optional<Integer> version,
      int keep,
      String why,
      Format format) {
    Config {
      boolean about = action == Action.SHOW || action == Action.PROMOTE;
      new Checks()
          .that(
              about == version.isPresent(),
              "version",
              version.map(String::valueOf).orElse("none"),
              about
                  ? "must be a version's number: registry.sh %s 3".formatted(spelled(action))
                  : "means nothing to " + spelled(action))
          .atLeast(1, "keep", keep)
          .done();
    }

    private static String spelled(Action action) {
      return action.name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> settingsWithOption() {
    return List.of("format", "keep", "registry", "why");
  }

  @Override
  public List<String> settingsWithoutName() {
    return List.of("action", "version");
  }

  @Override
  public List<String> problems(Config config) {
    Location folder = Location.of(config.registry());
    return folder.exists()
        ? List.of()
        : List.of(
            "Cannot find registry %s: there is no such folder. Make one with jobs/retrain.sh, or set registry."
                .formatted(folder));
  }

  /** {@code --format json} of all but list. */
  private record Shown(Registry.Line version, Decision decision, Registry.Origin origin) {}

  private record Listed(Optional<Integer> champion, List<Registry.Line> versions) {}

  private record Done(
      String action, Optional<Integer> champion, List<Integer> versions, boolean changed) {}

  @Override
  public void run(Config config, Context context) {
    Registry registry = new Registry(Location.of(config.registry()));
    boolean json = config.format() == Format.JSON;
    switch (config.action()) {
      case LIST -> {
        Listed listed = new Listed(registry.champion(), registry.lines());
        context.out().print(json ? Documents.toJson(listed) : table(listed.versions()));
      }
      case SHOW -> show(registry, config.version().get(), json, context);
      case PROMOTE -> {
        int version = config.version().get();
        boolean changed = registry.promote(version, config.why());
        say(
            new Done("promote", registry.champion(), List.of(version), changed),
            changed
                ? "Version %d is in use.".formatted(version)
                : "Nothing to do: version %d is in use already.".formatted(version),
            json,
            context);
      }
      case ROLLBACK -> {
        int version = registry.rollback(config.why());
        say(
            new Done("rollback", registry.champion(), List.of(version), true),
            "Version %d is in use again.".formatted(version),
            json,
            context);
      }
      case PRUNE -> {
        List<Integer> deleted = registry.prune(config.keep());
        say(
            new Done("prune", registry.champion(), deleted, !deleted.isEmpty()),
            deleted.isEmpty() ? "Nothing to prune." : "Deleted versions %s.".formatted(deleted),
            json,
            context);
      }
    }
  }

  private static void say(Done done, String words, boolean json, Context context) {
    context.out().print(json ? Documents.toJson(done) : words + System.lineSeparator());
  }

  private static void show(Registry registry, int version, boolean json, Context context) {
    Decision decision = registry.decision(version);
    Registry.Origin origin = registry.origin(version);
    Registry.Line line =
        registry.lines().stream().filter(l -> l.version() == version).findFirst().orElseThrow();
    if (json) {
      context.out().print(Documents.toJson(new Shown(line, decision, origin)));
      return;
    }
    List<String> lines = new ArrayList<>(List.of(decision.words()));
    decision
        .bounds()
        .forEach(
            bound ->
                lines.add(
                    "  %-36s %s, wanted %s%s"
                        .formatted(
                            bound.what(),
                            bound.value(),
                            bound.bound(),
                            bound.holds() ? "" : ": broken")));
    lines.add("Data set %s".formatted(origin.dataset()));
    origin.drops().forEach(drop -> lines.add("  drop " + drop.name()));
    registry.history().stream()
        .filter(reign -> reign.version() == version)
        .forEach(
            reign ->
                lines.add(
                    "In use since %s by %s: %s"
                        .formatted(reign.since(), reign.who(), reign.why())));
    lines.add("Report %s".formatted(registry.report(version)));
    lines.forEach(context.out()::println);
  }

  private static String table(List<Registry.Line> versions) {
    StringBuilder table =
        new StringBuilder(
            "%-8s %-9s %-9s %12s %10s %6s  %s%n"
                .formatted("version", "in use", "decision", "top-1 error", "p", "drops", "time"));
    for (Registry.Line line : versions) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-8d %-9s %-9s %10.2f %% %10s %6d  %s%n",
              line.version(),
              line.inUse() ? "champion" : "",
              line.promoted() ? "promoted" : "refused",
              100 * line.testTop1Error(),
              line.pValue().map(p -> String.format(Locale.ROOT, "%.4g", p)).orElse(""),
              line.drops(),
              line.time()));
    }
    return table.toString();
  }
}
