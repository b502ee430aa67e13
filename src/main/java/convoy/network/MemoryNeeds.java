package convoy.network;

import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;

/**
 * What training will take of memory, with gradient descent or another optimizer.
 *
 * @param stateValues parameters, and the running statistics of batch normalization
 * @param replicaBytes of one replica outside the heap, or on its GPU: parameters, gradient,
 *     momentum, activations and their gradients for one minibatch
 * @param minibatchBytes of one minibatch's inputs
 * @param stateBytes of parameters and what the optimizer remembers together
 */
public record MemoryNeeds(
    long stateValues, long replicaBytes, long minibatchBytes, long stateBytes) {
  private static final long MEBIBYTE = 1 << 20;

  /** Spark, Hadoop and the JVM themselves. */
  private static final long BASE = 400 * MEBIBYTE;

  /** Libraries' code, metaspace, threads, network buffers. */
  private static final long OFF_HEAP_BASE = 500 * MEBIBYTE;

  public static MemoryNeeds of(NetworkSpec spec, int minibatch, Backend backend) {
    Blueprint blueprint = Architectures.blueprint(spec);
    long values = blueprint.nodes().stream().mapToLong(Node::stateValues).sum();
    return new MemoryNeeds(
        values,
        Engine.of(backend.engine()).replicaBytes(blueprint, minibatch, backend.precision()),
        minibatch * blueprint.input().count() * Float.BYTES,
        values * Float.BYTES * 2);
  }

  /** With another optimizer. */
  public MemoryNeeds with(Optimizer optimizer) {
    long more = (optimizer.remembered(Math.toIntExact(stateValues)) - stateValues) * Float.BYTES;
    return new MemoryNeeds(stateValues, replicaBytes + more, minibatchBytes, stateBytes + more);
  }

  public long parameterBytes() {
    return stateValues * Float.BYTES;
  }

  /**
   * States (parameters and what the optimizer remembers) that are in heaps at the same time; the
   * others are in replicas.
   *
   * @param driver in the driver's
   * @param executor in an executor's, whatever it does
   * @param replica in an executor's, for each of its replicas
   */
  public record States(int driver, int executor, int replica) {
    /** Where workers average among themselves: those of a checkpoint that is read or written. */
    public static final States AMONG_WORKERS = new States(0, 2, 1);

    /** Where the driver looks at weights to begin with. */
    public States andOneInTheDriver() {
      return new States(driver + 1, executor, replica);
    }

    /** Heap of a driver. */
    public long driverBytes(MemoryNeeds needs) {
      return BASE + driver * needs.stateBytes();
    }

    /**
     * Heap of an executor: beside the states a minibatch of each replica and the one that is read
     * meanwhile.
     */
    public long executorBytes(MemoryNeeds needs, int replicas, long pictureBytes) {
      return BASE
          + pictureBytes
          + executor * needs.stateBytes()
          + replicas * (replica * needs.stateBytes() + 2 * needs.minibatchBytes());
    }

    /** Heap of one JVM that is driver and executor. */
    public long localBytes(MemoryNeeds needs, int replicas, long pictureBytes) {
      return executorBytes(needs, replicas, pictureBytes) + driverBytes(needs) - BASE;
    }
  }

  /**
   * What an executor takes that the JVM's heap does not count.
   *
   * @param replicas that don't live on a GPU
   * @param vectors of the parameters' length that averaging needs for all replicas
   */
  public long executorOffHeapBytes(int replicas, int vectors) {
    return OFF_HEAP_BASE + replicaBytes * replicas + vectors * parameterBytes();
  }
}
