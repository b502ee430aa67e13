package convoy.network;

import convoy.core.Seeds;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.FirstWeights;
import convoy.network.architecture.LayerSpec;
import java.nio.FloatBuffer;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;

/**
 * What a network begins with, drawn from its seed in plain Java: the same for every engine, and
 * there before any engine is. An array's values follow from the seed and its name.
 */
public final class FirstState {
  private static final double GAUSSIAN_DEVIATION = 0.01;

  private FirstState() {}

  public static ModelState of(NetworkSpec spec) {
    return of(spec, false);
  }

  /**
   * @param identities whether residual blocks begin as identities: the scales of the last
   *     normalization of each branch are 0 (Goyal et al., 2017, section 5.1)
   */
  public static ModelState of(NetworkSpec spec, boolean identities) {
    Blueprint blueprint = Architectures.blueprint(spec);
    return of(blueprint, spec.seed(), identities ? lastOfBranches(blueprint) : Set.of());
  }

  public static ModelState of(Blueprint blueprint, long seed) {
    return of(blueprint, seed, Set.of());
  }

  /** The first input of a sum is the branch, the second the shortcut. */
  private static Set<String> lastOfBranches(Blueprint blueprint) {
    return blueprint.nodes().stream()
        .filter(node -> node.layer() instanceof LayerSpec.Sum)
        .map(node -> node.inputs().get(0))
        .collect(Collectors.toSet());
  }

  private static ModelState of(Blueprint blueprint, long seed, Set<String> silent) {
    StateLayout layout = StateLayout.of(blueprint);
    byte[] parameters = new byte[layout.bytes()];
    FloatBuffer values = ModelState.floats(parameters);
    for (Node node : blueprint.nodes()) {
      for (StateLayout.Block block : layout.blocks(node.name())) {
        DoubleSupplier first =
            switch (block.role()) {
              case WEIGHT -> weights(node, Seeds.random(seed, block.name().hashCode()));
              case SCALE -> () -> silent.contains(node.name()) ? 0 : 1;
              case BIAS ->
                  () ->
                      node.layer() instanceof LayerSpec.BatchNormalization
                          ? 0
                          : node.firstWeights().bias();
              case STATISTIC -> () -> block.name().endsWith("var") ? 1 : 0;
            };
        for (int i = block.from(); i < block.from() + block.length(); i++) {
          values.put(i, (float) first.getAsDouble());
        }
      }
    }
    return ModelState.atRest(parameters);
  }

  private static DoubleSupplier weights(Node node, SplittableRandom random) {
    double inputs = inputs(node);
    if (node.firstWeights().scheme() == FirstWeights.Scheme.GLOROT) {
      double end = Math.sqrt(6 / (inputs + outputs(node, inputs)));
      return () -> random.nextDouble(-end, end);
    }
    double deviation =
        node.firstWeights().scheme() == FirstWeights.Scheme.HE
            ? Math.sqrt(2 / inputs)
            : GAUSSIAN_DEVIATION;
    return () -> deviation * random.nextGaussian();
  }

  /** That a neuron sums over. */
  private static double inputs(Node node) {
    return (double) node.multiplications() / node.output().count();
  }

  /** That a value of the input is part of. */
  private static double outputs(Node node, double inputs) {
    return node.layer() instanceof LayerSpec.Moving
        ? (double) node.multiplications() / node.inputShape().count()
        : node.weights() / inputs;
  }
}
