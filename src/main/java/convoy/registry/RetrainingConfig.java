package convoy.registry;

import convoy.core.Checks;
import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.PartitionOptions.Images;
import convoy.data.sources.ClassFolders;
import convoy.data.sources.ImageSource;
import convoy.data.sources.ImagenetTars;
import convoy.data.sources.SplitName;
import convoy.data.sources.Webdataset;
import convoy.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is retrained on what, and when the result is used; {@code conf/retrain.yaml} explains each
 * key.
 */
public record RetrainingConfig(
    String registry,
    String dataset,
    Source source,
    NewClasses newClasses,
    Partition partition,
    List<String> recipe,
    List<String> settings,
    Evaluation evaluation,
    PromotionPolicy policy) {

  /** What is new. */
  public enum Since {
    /** All that the version in use has not seen, refused drops too. */
    CHAMPION,
    /** All that no version has seen. */
    LAST
  }

  /** What to do with classes that the champion does not know. */
  public enum NewClasses {
    /** Stop, and name them. */
    REFUSE,
    /** Give the last layer a row for each; the old rows stay. */
    WIDEN
  }

  /** How pictures lie in a drop; as the sources of {@code conf/partition.yaml} of these names. */
  public enum Layout {
    CLASS_FOLDERS,
    IMAGENET_TARS,
    WEBDATASET
  }

  /**
   * Where drops arrive.
   *
   * @param skip names of drops that are left out
   */
  public record Source(String path, Layout layout, Since newSince, List<String> skip) {

    ImageSource drop(Location place) {
      return switch (layout) {
        case CLASS_FOLDERS -> new ClassFolders(place.uri(), Optional.empty());
        case IMAGENET_TARS ->
            new ImagenetTars(place.uri(), Optional.empty(), Optional.empty(), Optional.empty());
        case WEBDATASET -> new Webdataset(place.uri(), Optional.empty());
      };
    }
  }

  /**
   * How a drop becomes a part of the data set.
   *
   * @param validation part of its pictures, a fraction
   */
  public record Partition(
      Optional<Integer> shortSide,
      double jpegQuality,
      double validation,
      int shardExamples,
      int rejectedImagesAllowed) {
    public Partition {
      new Checks()
          .within(0, 0.9, "validation", validation)
          .atLeast(1, "shard-examples", shardExamples)
          .atLeast(0, "rejected-images-allowed", rejectedImagesAllowed)
          .done();
    }

    Images images(DatasetManifest manifest) {
      return new Images(
          manifest.channels() == 1 ? Images.Color.GRAY : Images.Color.RGB, shortSide, jpegQuality);
    }
  }

  /** How champion and challenger are asked. */
  public record Evaluation(int tasks, int minibatch, int deadlineMinutes) {
    public Evaluation {
      new Checks()
          .atLeast(1, "tasks", tasks)
          .atLeast(1, "minibatch", minibatch)
          .atLeast(1, "deadline-minutes", deadlineMinutes)
          .done();
    }
  }

  /** All that is wrong with the world for this configuration. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    Checks.collect(
        problems,
        () -> {
          DatasetManifest manifest = DatasetManifest.read(Location.of(dataset));
          var unused = manifest.split(SplitName.TEST);
        });
    Checks.collect(problems, () -> training(Location.of(dataset), Optional.empty()));
    Location drops = Location.of(source.path());
    if (!drops.isFolder()) {
      problems.add(
          "Cannot look for drops in %s: there is no such folder. Check source.path."
              .formatted(drops));
    }
    problems.addAll(Location.of(registry).problemsWithWriting());
    return problems;
  }

  /**
   * The training of a challenger.
   *
   * @param champion model folder to begin with
   */
  TrainingConfig training(Location joined, Optional<Location> champion) {
    List<String> all = new ArrayList<>(settings);
    all.add("dataset=" + joined);
    champion.ifPresent(model -> all.add("network.weights=" + model));
    return TrainingConfig.of(recipe.stream().map(Location::of).toList(), all);
  }

  /** Epochs of a challenger's training. */
  public int epochs() {
    return training(Location.of(dataset), Optional.empty()).training().plannedEpochs();
  }
}
