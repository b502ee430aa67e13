package convoy.job;

import convoy.core.Checks;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import convoy.network.NetworkSummary;
import convoy.network.TrainedModel;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Modules;
import convoy.network.architecture.ResNet;
import convoy.registry.Registry;
import convoy.report.KernelPictures;
import convoy.report.NetworkReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tells what networks are made of and what they cost, and shows what a trained one has learned. */
final class DescribeJob implements Job<DescribeJob.Config> {
  enum Format {
    TEXT,
    JSON,
    CSV,
    HTML
  }

  /** {@code conf/describe.yaml} explains each key. */
  record Config(
      NetworkConfig network,
      List<String> compare,
      Optional<String> model,
      String registry,
      Optional<String> picture,
      int minibatch,
      int cacheMebibytes,
      Format format) {
    Config {
      new Checks()
          .that(
              network.architecture().isPresent() || !compare.isEmpty() || model.isPresent(),
              "network.architecture",
              "none",
              "must be one of %s, or compare or model be given".formatted(names()))
          .that(names().containsAll(compare), "compare", compare, "must be names of " + names())
          .that(
              picture.isEmpty() || model.isPresent(),
              "picture",
              picture.orElse(""),
              "needs a model that looks at it")
          .atLeast(1, "minibatch", minibatch)
          .atLeast(0, "cache-mebibytes", cacheMebibytes)
          .done();
    }

    Optional<Location> modelFolder() {
      return model
          .map(new Registry(Location.of(registry))::resolve)
          .map(path -> TrainedModel.find(path, TrainedModel.Kind.BEST));
    }
  }

  /**
   * @param input the network's own paper's if empty, as {@code classes}
   */
  record NetworkConfig(
      Optional<String> architecture,
      List<LayerSpec> layers,
      ResNet.Stem stem,
      Optional<List<Integer>> input,
      Optional<Integer> classes) {
    NetworkConfig {
      new Checks()
          .that(
              architecture.isEmpty() || names().contains(architecture.get()),
              "architecture",
              architecture.orElse(""),
              "must be one of " + names())
          .done();
      if (architecture.isPresent() && Architectures.names().contains(architecture.get())) {
        var unused = spec(architecture.get(), layers, stem, input, classes);
      }
    }

    private static NetworkSpec spec(
        String name,
        List<LayerSpec> layers,
        ResNet.Stem stem,
        Optional<List<Integer>> input,
        Optional<Integer> classes) {
      return new NetworkSpec(
          name,
          layers,
          stem,
          input.orElseGet(() -> Architectures.usualInput(name)),
          classes.orElseGet(() -> Architectures.usualClasses(name)),
          0,
          0,
          NetworkSpec.Phase.INFERENCE);
    }

    NetworkSpec spec(String name) {
      boolean listed = name.equals(Architectures.SEQUENTIAL);
      return spec(name, listed ? layers : List.of(), stem, input, classes);
    }
  }

  private static List<String> names() {
    List<String> names = new ArrayList<>(Architectures.names());
    names.addAll(Modules.all().keySet());
    return names;
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> settingsWithOption() {
    return List.of("format");
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    Checks.collect(problems, () -> summaries(config));
    Checks.collect(problems, () -> config.picture().ifPresent(DescribeJob::decoded));
    return problems;
  }

  @Override
  public void run(Config config, Context context) {
    List<NetworkSummary> networks = summaries(config);
    Optional<RunFolder> run = folder(config, context);
    boolean drawn = run.isPresent() || config.format() == Format.HTML;
    Map<String, byte[]> pictures = drawn ? pictures(config) : Map.of();
    context
        .out()
        .print(
            switch (config.format()) {
              case TEXT -> NetworkReport.text(networks);
              case JSON -> json(networks);
              case CSV -> NetworkReport.csv(networks);
              case HTML -> NetworkReport.html(networks, pictures);
            });
    run.ifPresent(
        folder -> {
          pictures.forEach((name, png) -> folder.file(name + ".png").writeBytes(png));
          folder.file("network.json").writeText(json(networks));
          folder.file("network.csv").writeText(NetworkReport.csv(networks));
          folder.file("network.html").writeText(NetworkReport.html(networks, pictures));
          if (config.format() == Format.TEXT) {
            context.out().printf("Page %s%n", folder.file("network.html"));
          }
        });
  }

  /** The one that was named; for a model's pictures a new one, where its path can be printed. */
  private static Optional<RunFolder> folder(Config config, Context context) {
    Optional<Location> location =
        config.model().isPresent() && config.format() == Format.TEXT
            ? context.run().or(() -> Optional.of(Runs.fresh("describe")))
            : context.run();
    return location.map(
        folder -> {
          UserException.throwIfAny(folder.problemsWithWriting());
          return RunFolder.open(folder, "describe", config, context.provenance());
        });
  }

  private static List<NetworkSummary> summaries(Config config) {
    List<NetworkSummary> summaries = new ArrayList<>();
    config
        .modelFolder()
        .ifPresent(model -> summaries.add(summary(TrainedModel.describe(model).network(), config)));
    List<String> names = new ArrayList<>(config.compare());
    config.network().architecture().ifPresent(name -> names.add(0, name));
    for (String name : names) {
      summaries.add(
          Modules.all().containsKey(name)
              ? NetworkSummary.of(name, Modules.all().get(name))
              : summary(config.network().spec(name), config));
    }
    return summaries;
  }

  private static NetworkSummary summary(NetworkSpec spec, Config config) {
    return NetworkSummary.of(spec, config.minibatch(), (long) config.cacheMebibytes() << 20);
  }

  private record Comparison(List<NetworkSummary> networks) {}

  private static String json(List<NetworkSummary> networks) {
    return Documents.toJson(networks.size() == 1 ? networks.get(0) : new Comparison(networks));
  }

  /** By the names of their files. */
  private static Map<String, byte[]> pictures(Config config) {
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    config
        .modelFolder()
        .ifPresent(
            model ->
                pictures.putAll(
                    LearnedPictures.of(
                        TrainedModel.read(model), config.picture().map(DescribeJob::decoded))));
    pictures.put("curve-detector", KernelPictures.curveDetector());
    return pictures;
  }

  private static Picture decoded(String file) {
    try {
      return PictureDecoder.decode(Location.of(file).readBytes());
    } catch (BrokenPictureException e) {
      throw new UserException(
          "Cannot show picture %s: %s. Name another one.".formatted(file, e.getMessage()), e);
    }
  }
}
