package convoy.network.dl4j;

import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Sgd;

/** A blueprint as a graph of DL4J's layers. */
final class Dl4jGraph {

  private Dl4jGraph() {}

  /** The first thing that DL4J lacks for a network. */
  static Optional<String> missing(Blueprint blueprint) {
    return blueprint.nodes().stream()
        .map(Translation::of)
        .filter(Translation.Missing.class::isInstance)
        .map(lack -> ((Translation.Missing) lack).reason())
        .findFirst();
  }

  /**
   * The outputs are the network's own, then those of its heads.
   *
   * @param steps with what decides about them
   */
  static ComputationGraphConfiguration configuration(
      Blueprint blueprint, NeuralNetConfiguration.Builder steps) {
    var graph =
        steps
            .activation(Activation.IDENTITY)
            // The state that comes has the first weights.
            .weightInit(WeightInit.ZERO)
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs(Blueprint.INPUT)
            .setInputTypes(
                InputType.convolutional(
                    blueprint.input().size(1),
                    blueprint.input().size(2),
                    blueprint.input().size(0)));
    for (Node node : blueprint.nodes()) {
      String[] inputs = node.inputs().toArray(String[]::new);
      Translation translation = Translation.of(node);
      if (translation instanceof Translation.AVertex vertex) {
        graph.addVertex(node.name(), vertex.vertex(), inputs);
      } else if (translation instanceof Translation.ALayer layer) {
        graph.addLayer(node.name(), layer.layer(), inputs);
      } else {
        throw new IllegalStateException("Refused before: " + translation);
      }
    }
    return graph.setOutputs(outputs(blueprint).toArray(String[]::new)).build();
  }

  static ComputationGraph of(Blueprint blueprint) {
    // Steps are taken outside the graph, on its flat gradient; this one keeps no state.
    var none = new NeuralNetConfiguration.Builder().updater(new Sgd(1));
    ComputationGraph network = new ComputationGraph(configuration(blueprint, none));
    network.init();
    network.initGradientsView();
    return network;
  }

  static List<String> outputs(Blueprint blueprint) {
    List<String> outputs = new ArrayList<>(List.of(blueprint.output().name()));
    blueprint.nodes().stream()
        .filter(
            node -> node.layer() instanceof LayerSpec.Softmax && !node.equals(blueprint.output()))
        .forEach(node -> outputs.add(node.name()));
    return outputs;
  }
}
