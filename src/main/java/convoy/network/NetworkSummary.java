package convoy.network;

import convoy.convolution.Shape;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Modules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a network is made of and what it costs for one image, forward.
 *
 * @param input channels, height, width
 * @param parameters trained ones; a normalization's running statistics are none
 * @param weightsWithoutBiases parameters that multiply: kernels, and scales of normalizations
 * @param multiplications by kernels, those with padding among them
 * @param values of all layers' outputs
 * @param note what is worth knowing about the counts
 */
public record NetworkSummary(
    String name,
    List<Integer> input,
    long parameters,
    long weightsWithoutBiases,
    long multiplications,
    long values,
    Optional<String> note,
    Optional<Training> training,
    List<Layer> layers) {

  /**
   * What training takes of memory.
   *
   * @param minibatch examples of one step of one replica
   * @param roundBytes of each worker that a round averages
   * @param replicaBytes of one replica outside the heap
   * @param driverHeapBytes of the driver's JVM, {@code executorHeapBytes} of an executor's with one
   *     replica, {@code executorOverheadBytes} what that executor takes beside its heap
   */
  public record Training(
      int minibatch,
      long roundBytes,
      long replicaBytes,
      long driverHeapBytes,
      long executorHeapBytes,
      long executorOverheadBytes) {}

  /**
   * A layer, with the activation and dropout that follow it.
   *
   * @param inputs names of layers, or of the network's input
   * @param output shape, without the minibatch
   * @param values of the output
   * @param receptiveField side of the square of the network's input that one value depends on,
   *     padding counted
   */
  public record Layer(
      String name,
      String kind,
      List<String> inputs,
      List<Integer> output,
      long values,
      long parameters,
      long weightsWithoutBiases,
      long multiplications,
      long receptiveField) {

    private Layer followedBy(LayerSpec layer) {
      return new Layer(
          name,
          kind + ", " + layer.words(),
          inputs,
          output,
          values,
          parameters,
          weightsWithoutBiases,
          multiplications,
          receptiveField);
    }

    /** As papers write shapes: 96x55x55. */
    public String outputWords() {
      return new Shape(output).toString();
    }
  }

  /**
   * What a network costs that can be trained.
   *
   * @param minibatch of one replica
   * @param pictureBytes of decoded pictures that an executor keeps
   */
  public static NetworkSummary of(NetworkSpec spec, int minibatch, long pictureBytes) {
    MemoryNeeds needs =
        MemoryNeeds.of(spec.in(NetworkSpec.Phase.TRAINING), minibatch, Backend.TORCH_CPU);
    Training training =
        new Training(
            minibatch,
            needs.stateBytes(),
            needs.replicaBytes(),
            MemoryNeeds.States.AMONG_WORKERS.driverBytes(needs),
            MemoryNeeds.States.AMONG_WORKERS.executorBytes(needs, 1, pictureBytes),
            needs.executorOffHeapBytes(1, 1));
    Blueprint trained = Architectures.blueprint(spec.in(NetworkSpec.Phase.INFERENCE));
    return of(spec.architecture(), trained, Optional.empty(), Optional.of(training));
  }

  /** What a part of a network costs. */
  public static NetworkSummary of(String name, Modules.Module module) {
    return of(name, module.blueprint(), Optional.of(module.note()), Optional.empty());
  }

  private static NetworkSummary of(
      String name, Blueprint blueprint, Optional<String> note, Optional<Training> training) {
    List<Layer> layers = new ArrayList<>();
    Map<String, String> names = new HashMap<>(Map.of(Blueprint.INPUT, Blueprint.INPUT));
    for (Node node : blueprint.nodes()) {
      String before = names.get(node.inputs().get(0));
      int last = layers.size() - 1;
      boolean follows =
          (node.layer() instanceof LayerSpec.Relu || node.layer() instanceof LayerSpec.Dropout)
              && last >= 0
              && layers.get(last).name().equals(before);
      if (follows) {
        layers.set(last, layers.get(last).followedBy(node.layer()));
      } else {
        layers.add(layer(node, node.inputs().stream().map(names::get).toList()));
      }
      names.put(node.name(), follows ? before : node.name());
    }
    return new NetworkSummary(
        name,
        blueprint.input().sizes(),
        layers.stream().mapToLong(Layer::parameters).sum(),
        layers.stream().mapToLong(Layer::weightsWithoutBiases).sum(),
        layers.stream().mapToLong(Layer::multiplications).sum(),
        layers.stream().mapToLong(Layer::values).sum(),
        note,
        training,
        layers);
  }

  private static Layer layer(Node node, List<String> inputs) {
    return new Layer(
        node.name(),
        node.layer().words(),
        inputs,
        node.output().sizes(),
        node.output().count(),
        node.parameters(),
        node.weights(),
        node.multiplications(),
        Math.round(node.receptiveField().size()));
  }
}
