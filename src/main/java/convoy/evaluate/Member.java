package convoy.evaluate;

import convoy.data.pictures.ImageTransform;
import convoy.network.NetworkSpec;
import convoy.network.TrainedModel;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A trained network that is asked.
 *
 * @param parameters are asked for where the member is
 * @param weight in a weighted ensemble
 */
public record Member(
    String name,
    NetworkSpec network,
    ImageTransform transform,
    Parameters parameters,
    double weight)
    implements Serializable {

  private static final double SMALLEST_WEIGHT = 1e-3;

  /** Where a member's parameters are. */
  public interface Parameters extends Serializable {

    /** Little-endian 32-bit floats. */
    byte[] read();
  }

  /**
   * The models of some paths.
   *
   * @param names of the paths, in their order; a name that was given before gets a number
   */
  public static List<Member> all(List<String> names, List<String> paths, TrainedModel.Kind kind) {
    List<Member> members = new ArrayList<>();
    // Tables' columns have names in which case does not count.
    Set<String> taken = new HashSet<>(ScoreFile.OWN_COLUMNS);
    taken.add(Selection.GREEDY);
    Arrays.stream(Combination.values()).map(Ensemble::name).forEach(taken::add);
    for (int i = 0; i < paths.size(); i++) {
      String plain = names.get(i).replaceAll("[^A-Za-z0-9._-]", "_");
      String name = plain;
      for (int k = 2; !taken.add(name.toLowerCase(Locale.ROOT)); k++) {
        name = plain + "-" + k;
      }
      members.add(of(name, TrainedModel.read(TrainedModel.find(paths.get(i), kind))));
    }
    return members;
  }

  /** A trained model; its weight is its validation accuracy. */
  public static Member of(String name, TrainedModel model) {
    TrainedModel.Description description = model.description();
    byte[] parameters = model.parameters();
    return new Member(
        name,
        description.network(),
        description.transform(),
        () -> parameters,
        Math.max(SMALLEST_WEIGHT, 1 - description.validationTop1Error()));
  }
}
