package convoy.job;

import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.network.NamedParameters;
import convoy.network.NetworkSpec;
import convoy.network.StateLayout;
import convoy.network.TrainedModel;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** Where runs are, and the models in them. */
final class Runs {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private Runs() {}

  /** A new folder below {@code runs}, named after the job and the time (UTC). */
  static Location fresh(String job) {
    return Location.of("runs/%s-%s".formatted(job, TIME.format(LocalDateTime.now(ZoneOffset.UTC))));
  }

  /** The folder of a job's run: the one that was named on the command line, or a new one. */
  static RunFolder open(String job, Record config, Job.Context context) {
    return open(job, config, List.of(), context);
  }

  /**
   * The same.
   *
   * @param free last parts of keys whose values may be others when a run is resumed
   */
  static RunFolder open(String job, Record config, List<String> free, Job.Context context) {
    Location folder = context.run().orElseGet(() -> fresh(job));
    UserException.throwIfAny(folder.problemsWithWriting());
    return RunFolder.open(folder, job, config, free, context.provenance());
  }

  /**
   * The model that a path means: a model folder itself, or a run's model of the given kind.
   *
   * @param kind {@code best} or {@code last}
   */
  static Location model(String path, String kind) {
    Location folder = Location.of(path);
    for (Location candidate : List.of(folder, folder.child("models").child(kind))) {
      if (TrainedModel.isIn(candidate)) {
        return candidate;
      }
    }
    throw new UserException(
        "Cannot use model %s: neither it nor its models/%s has a model.json. Name a run or model folder that is complete."
            .formatted(folder, kind));
  }

  /**
   * Parameters for a network to begin with.
   *
   * @param path a run, a model folder, or a {@code .safetensors} file with PyTorch's names
   * @return in the order of the network's {@link StateLayout}
   */
  static byte[] weights(String path, NetworkSpec network) {
    StateLayout layout = StateLayout.of(network);
    if (path.endsWith(".safetensors")) {
      return NamedParameters.read(Location.of(path)).inOrderOf(layout, network.architecture());
    }
    Location folder = model(path, "best");
    NetworkSpec there = TrainedModel.describe(folder).network();
    if (!there.architecture().equals(network.architecture())) {
      throw new UserException(
          "Cannot begin with weights %s: they are of %s, not %s. Name weights of the same network."
              .formatted(path, there.architecture(), network.architecture()));
    }
    if (there.classes() != network.classes()) {
      throw new UserException(
          "Cannot begin with weights %s: they know %d classes, the data set has %d. Name weights of the same classes."
              .formatted(path, there.classes(), network.classes()));
    }
    if (!there.layers().equals(network.layers())
        || !StateLayout.of(there).blocks().equals(layout.blocks())) {
      throw new UserException(
          "Cannot begin with weights %s: they are of a network with another input, stem or other layers. Set network.input, network.stem and network.layers as there."
              .formatted(path));
    }
    return TrainedModel.read(folder).parameters();
  }
}
