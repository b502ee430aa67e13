package convoy.bench;

import convoy.core.UserException;
import convoy.network.NetworkSpec;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import java.util.ArrayList;
import java.util.List;

/**
 * Rounds to measure.
 *
 * @param engine as in {@link RoundRow}
 * @param transport {@code all-reduce} or {@code spark}; empty for dl4j-spark
 * @param network {@code lenet}, or {@code dense}: one hidden layer, 60.4 M parameters, a cheap step
 * @param momentum {@code average}, {@code reset} or {@code keep-local}
 */
public record RoundCase(
    String engine,
    String transport,
    String master,
    String network,
    String momentum,
    int workers,
    int rounds) {
  static final String CONVOY = "convoy";
  static final String DL4J_SPARK = "dl4j-spark";
  private static final List<String> NETWORKS = List.of("lenet", "dense");

  /** Of the dense network's hidden layer. */
  public static final int NEURONS = 76_000;

  /**
   * All that is measured on a master with two workers, then LeNet on more of them in one JVM.
   *
   * @param networks all if none is named
   * @throws UserException if a name is not among them
   */
  public static List<RoundCase> of(List<String> networks, List<String> masters, int rounds) {
    for (String name : networks) {
      if (!NETWORKS.contains(name)) {
        throw new UserException(
            "Cannot measure rounds of %s: they are measured of %s. Name some of these."
                .formatted(name, NETWORKS));
      }
    }
    List<RoundCase> cases = new ArrayList<>();
    for (String network : networks.isEmpty() ? NETWORKS : networks) {
      // A large network's rounds are long enough to need fewer.
      int some = network.equals("lenet") ? 20 * rounds : rounds;
      for (String master : masters) {
        for (String momentum : List.of("keep-local", "average")) {
          cases.add(new RoundCase(CONVOY, "all-reduce", master, network, momentum, 2, some));
        }
        cases.add(new RoundCase(CONVOY, "spark", master, network, "average", 2, rounds));
        cases.add(new RoundCase(DL4J_SPARK, "", master, network, "average", 2, rounds));
      }
      if (network.equals("lenet")) {
        for (int workers : new int[] {8, 32, 128}) {
          String master = "local[%d]".formatted(workers);
          cases.add(
              new RoundCase(CONVOY, "all-reduce", master, network, "average", workers, rounds));
        }
      }
    }
    return cases;
  }

  String where() {
    return master.startsWith("local") ? "local" : "cluster";
  }

  /** Of pictures of 28 pixels in gray, ten classes. */
  NetworkSpec spec() {
    List<Integer> input = List.of(1, 28, 28);
    return network.equals("lenet")
        ? NetworkSpec.of("lenet", input, 10)
        : new NetworkSpec(
            "sequential",
            List.of(new LayerSpec.Dense(NEURONS), new LayerSpec.Relu()),
            ResNet.Stem.LARGE,
            input,
            10,
            0,
            0,
            NetworkSpec.Phase.INFERENCE);
  }

  @Override
  public String toString() {
    return "%s %s of %s, momentum %s, %d workers on %s"
        .formatted(engine, transport, network, momentum, workers, master);
  }
}
