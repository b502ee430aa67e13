package convoy.network.dl4j;

import convoy.core.UserException;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.Device;
import convoy.network.Engine;
import convoy.network.LayerRates;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.architecture.Blueprint;
import java.util.Optional;

/** Deeplearning4j on ND4J; runs the networks that it has all layers of, on processors. */
public final class Dl4jEngine implements Engine {
  /**
   * Values for each value of activations: their gradients, oneDNN's reordered copies, and
   * workspaces, which hold the first minibatch twice. Measured from LeNet to ResNet-50: 3.6 to 6.6.
   */
  private static final long COPIES = 6;

  /** Parameters, gradient, momentum. */
  private static final long VECTORS = 3;

  @Override
  public EngineName name() {
    return EngineName.DL4J;
  }

  @Override
  public Optional<String> refusal(Blueprint blueprint) {
    requireLibraries();
    return Dl4jGraph.missing(blueprint);
  }

  /** They are in a jar of their own, which jobs/submit.sh adds when this engine is asked for. */
  private static void requireLibraries() {
    try {
      Class.forName("org.nd4j.linalg.factory.Nd4j", false, Dl4jEngine.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new UserException(
          "Cannot use engine dl4j: Deeplearning4j is not on the class path. Start the job with jobs/*.sh, or add convoy-dl4j.jar with --jars.",
          e);
    }
  }

  @Override
  public Optional<String> refusal(Precision precision, Device device) {
    return precision == Precision.FLOAT32
        ? Optional.empty()
        : Optional.of("engine dl4j has single precision only");
  }

  @Override
  public boolean weighsClasses() {
    return false;
  }

  @Override
  public boolean measures() {
    return false;
  }

  @Override
  public Optional<String> refusal(LayerRates rates) {
    return rates.equals(LayerRates.ALL)
        ? Optional.empty()
        : Optional.of("it trains all layers at one rate");
  }

  @Override
  public Network build(NetworkSpec spec, Blueprint blueprint, Precision precision, Device device) {
    Onednn.start();
    return new Dl4jNetwork(blueprint);
  }

  @Override
  public Network kernelsAlone(NetworkSpec spec, int minibatch) {
    throw new UserException("Cannot measure bare kernels of engine dl4j. Use engine torch.");
  }

  @Override
  public long replicaBytes(Blueprint blueprint, int minibatch, Precision precision) {
    long activations = blueprint.nodes().stream().mapToLong(node -> node.output().count()).sum();
    long state = blueprint.nodes().stream().mapToLong(Blueprint.Node::stateValues).sum();
    long inputs = blueprint.input().count();
    return Float.BYTES * (COPIES * minibatch * (activations + inputs) + VECTORS * state);
  }

  @Override
  public int gpus() {
    return 0;
  }

  @Override
  public String lookedFor() {
    return "engine dl4j runs on processors only";
  }
}
