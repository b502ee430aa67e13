package convoy.network;

import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;

/**
 * What a replica will take.
 *
 * @param stateValues parameters, and the running statistics of batch normalization
 * @param replicaBytes outside the heap: parameters, gradient, momentum, activations and their
 *     gradients for one minibatch
 */
public record MemoryNeeds(long stateValues, long replicaBytes) {
  /**
   * Workspaces grow by spilling before they settle, and oneDNN reorders into buffers of its own.
   */
  private static final double SPILL = 2;

  public static MemoryNeeds of(NetworkSpec spec, int minibatch) {
    Blueprint blueprint = Architectures.blueprint(spec);
    long activations = blueprint.nodes().stream().mapToLong(node -> node.output().count()).sum();
    long state = blueprint.nodes().stream().mapToLong(Node::stateValues).sum();
    double values = SPILL * minibatch * (activations + blueprint.input().count()) + 3 * state;
    return new MemoryNeeds(state, Math.round(values * Float.BYTES));
  }

  /** Bytes of parameters and momentum together. */
  public long stateBytes() {
    return stateValues * Float.BYTES * 2;
  }
}
