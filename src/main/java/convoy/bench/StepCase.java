package convoy.bench;

import convoy.core.UserException;
import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import java.util.List;

/**
 * A network in the form that it is measured in.
 *
 * @param size of the input's sides, pixels
 */
public record StepCase(String network, int size, int minibatch) {
  private static final List<StepCase> ALL =
      List.of(
          new StepCase("lenet", 28, 64),
          new StepCase("alexnet", 227, 32),
          new StepCase("vgg16", 224, 8),
          new StepCase("googlenet", 224, 16),
          new StepCase("resnet18", 224, 16),
          new StepCase("resnet50", 224, 16),
          new StepCase("resnet18", 64, 32),
          new StepCase("resnet20", 32, 128),
          new StepCase("mobilenet", 224, 16));

  /**
   * The cases of these networks; all if none is named.
   *
   * @throws UserException if a name is not among them
   */
  public static List<StepCase> of(List<String> networks) {
    List<String> known = ALL.stream().map(StepCase::network).distinct().toList();
    networks.stream()
        .filter(name -> !known.contains(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw new UserException(
                  "Cannot measure %s: steps are measured of %s. Name some of these."
                      .formatted(name, known));
            });
    return ALL.stream()
        .filter(one -> networks.isEmpty() || networks.contains(one.network))
        .toList();
  }

  NetworkSpec spec(Phase phase) {
    int channels = Architectures.usualInput(network).get(0);
    return NetworkSpec.of(
            network, List.of(channels, size, size), Architectures.usualClasses(network))
        .in(phase == Phase.TRAIN ? NetworkSpec.Phase.TRAINING : NetworkSpec.Phase.INFERENCE);
  }

  /** What is done with a network. */
  public enum Phase {
    TRAIN,
    INFERENCE
  }
}
