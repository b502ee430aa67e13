package convoy.network;

import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.MemoryUseMode;

/**
 * What a replica will take, by the engine's own account of its layers.
 *
 * @param parameters number of them
 * @param replicaBytes outside the heap: parameters, gradient, momentum, activations and their
 *     gradients for one minibatch
 */
public record MemoryNeeds(long parameters, long replicaBytes) {
  /**
   * Workspaces grow by spilling before they settle, and oneDNN reorders into buffers of its own.
   */
  private static final double SPILL = 2;

  public static MemoryNeeds of(NetworkSpec spec, int minibatch) {
    var configuration = Architectures.configuration(spec);
    var report =
        configuration.getMemoryReport(
            InputType.convolutional(spec.height(), spec.width(), spec.channels()));
    long training = report.getTotalMemoryBytes(minibatch, MemoryUseMode.TRAINING, CacheMode.NONE);
    long parameters =
        configuration.getVertices().values().stream()
            .mapToLong(vertex -> vertex.numParams(true))
            .sum();
    return new MemoryNeeds(parameters, Math.round(training * SPILL) + parameters * Float.BYTES * 3);
  }

  /** Bytes of parameters and momentum together. */
  public long stateBytes() {
    return parameters * Float.BYTES * 2;
  }
}
