package convoy.network;

import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;

/**
 * What training will take of memory.
 *
 * @param stateValues parameters, and the running statistics of batch normalization
 * @param replicaBytes of one replica outside the heap, or on its GPU: parameters, gradient,
 *     momentum, activations and their gradients for one minibatch
 * @param minibatchBytes of one minibatch's inputs
 */
public record MemoryNeeds(long stateValues, long replicaBytes, long minibatchBytes) {
  private static final long MEBIBYTE = 1 << 20;

  /** Spark, Hadoop and the JVM themselves. */
  private static final long BASE = 400 * MEBIBYTE;

  /** Libraries' code, metaspace, threads, network buffers. */
  private static final long OFF_HEAP_BASE = 500 * MEBIBYTE;

  public static MemoryNeeds of(NetworkSpec spec, int minibatch, Backend backend) {
    Blueprint blueprint = Architectures.blueprint(spec);
    return new MemoryNeeds(
        blueprint.nodes().stream().mapToLong(Node::stateValues).sum(),
        Engine.of(backend.engine()).replicaBytes(blueprint, minibatch, backend.precision()),
        minibatch * blueprint.input().count() * Float.BYTES);
  }

  /** Bytes of parameters and momentum together: what a round sends to each worker. */
  public long stateBytes() {
    return stateValues * Float.BYTES * 2;
  }

  /**
   * Heap of a driver: state of this round and the next, the broadcast's blocks, the slices that
   * come back.
   */
  public long driverHeapBytes() {
    return BASE + 4 * stateBytes();
  }

  /**
   * Heap of an executor: the broadcast state once, and for each replica the state it reached, its
   * slices and the sums of the averaging, a minibatch and the one that is read meanwhile.
   */
  public long executorHeapBytes(int replicas, long pictureBytes) {
    long replica = 4 * stateBytes() + 2 * minibatchBytes;
    return BASE + pictureBytes + stateBytes() + replica * replicas;
  }

  /** What an executor takes that the JVM's heap does not count. */
  public long executorOffHeapBytes(int replicas) {
    return OFF_HEAP_BASE + replicaBytes * replicas;
  }

  /** Heap of one JVM that is driver and executor. */
  public long localHeapBytes(int replicas, long pictureBytes) {
    return executorHeapBytes(replicas, pictureBytes) + driverHeapBytes() - BASE;
  }
}
