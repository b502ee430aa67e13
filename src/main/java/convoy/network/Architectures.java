package convoy.network;

import convoy.core.UserException;
import convoy.network.architecture.AlexNet;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.GoogLeNet;
import convoy.network.architecture.LeNet;
import convoy.network.architecture.MobileNet;
import convoy.network.architecture.ResNet;
import convoy.network.architecture.Sequential;
import convoy.network.architecture.Sketch;
import convoy.network.architecture.Vgg;
import convoy.network.architecture.Vgg.Normalization;
import convoy.network.architecture.ZfNet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The networks by name. */
public final class Architectures {
  /** The network whose layers the configuration lists. */
  public static final String SEQUENTIAL = "sequential";

  private static final List<Integer> IMAGENET = List.of(3, 224, 224);
  private static final List<Integer> CIFAR = List.of(3, 32, 32);
  private static final Map<String, Entry> ENTRIES = new LinkedHashMap<>();

  /**
   * @param input of the paper: channels, height, width
   * @param classes of the paper's data set
   */
  private record Entry(
      List<Integer> input, int classes, BiFunction<Sketch, NetworkSpec, Blueprint> draw) {}

  static {
    add("lenet", List.of(1, 28, 28), 10, (sketch, spec) -> LeNet.draw(sketch, spec.dropout()));
    List<Integer> alexnet = List.of(3, 227, 227);
    add("alexnet", alexnet, 1000, (sketch, spec) -> AlexNet.draw(sketch, 1, spec.dropout()));
    add(
        "alexnet-two-groups",
        alexnet,
        1000,
        (sketch, spec) -> AlexNet.draw(sketch, 2, spec.dropout()));
    add("zfnet", IMAGENET, 1000, (sketch, spec) -> ZfNet.draw(sketch, spec.dropout()));
    for (int layers : List.of(11, 13, 16, 19)) {
      add(
          "vgg" + layers,
          IMAGENET,
          1000,
          (sketch, spec) -> Vgg.draw(sketch, layers, Normalization.NONE, spec.dropout()));
      add(
          "vgg%d-bn".formatted(layers),
          IMAGENET,
          1000,
          (sketch, spec) -> Vgg.draw(sketch, layers, Normalization.BATCH, spec.dropout()));
    }
    add("googlenet", IMAGENET, 1000, (sketch, spec) -> GoogLeNet.draw(sketch, spec.dropout()));
    for (int layers : List.of(18, 34, 50, 101, 152)) {
      add(
          "resnet" + layers,
          IMAGENET,
          1000,
          (sketch, spec) -> ResNet.draw(sketch, layers, spec.stem()));
    }
    for (int layers : List.of(20, 32, 44, 56)) {
      add("resnet" + layers, CIFAR, 10, (sketch, spec) -> ResNet.drawForCifar(sketch, layers));
    }
    add("mobilenet", IMAGENET, 1000, (sketch, spec) -> MobileNet.draw(sketch));
    add(
        SEQUENTIAL,
        List.of(1, 28, 28),
        10,
        (sketch, spec) -> Sequential.draw(sketch, spec.layers()));
  }

  private Architectures() {}

  private static void add(
      String name,
      List<Integer> input,
      int classes,
      BiFunction<Sketch, NetworkSpec, Blueprint> draw) {
    ENTRIES.put(name, new Entry(input, classes, draw));
  }

  public static List<String> names() {
    return List.copyOf(ENTRIES.keySet());
  }

  /** Channels, height and width of the network's own paper. */
  public static List<Integer> usualInput(String architecture) {
    return ENTRIES.get(architecture).input();
  }

  /** Number of classes in the network's own paper. */
  public static int usualClasses(String architecture) {
    return ENTRIES.get(architecture).classes();
  }

  /**
   * The network's layers.
   *
   * @throws UserException if nothing is left of the input at some layer, which is named
   */
  public static Blueprint blueprint(NetworkSpec spec) {
    Sketch sketch = new Sketch(spec.inputShape(), spec.classes());
    try {
      Blueprint whole = ENTRIES.get(spec.architecture()).draw().apply(sketch, spec);
      return spec.phase() == NetworkSpec.Phase.TRAINING ? whole : whole.withoutHeads();
    } catch (UserException e) {
      throw new UserException(
          "Cannot build %s for input %s. %s"
              .formatted(spec.architecture(), spec.input(), e.getMessage()),
          e);
    }
  }
}
