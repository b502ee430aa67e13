package convoy.network;

import convoy.network.architecture.Blueprint;
import convoy.network.architecture.FirstWeights;
import convoy.network.architecture.LayerSpec;
import convoy.network.layer.ChannelRange;
import convoy.network.layer.Convolution;
import convoy.network.layer.Dense;
import convoy.network.layer.DepthwiseConvolution;
import convoy.network.layer.LocalResponse;
import convoy.network.layer.PaddedShortcut;
import convoy.network.layer.RepeatedChannels;
import convoy.network.layer.TiledConvolution;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitXavierUniform;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** A blueprint as a graph of DL4J's layers, and of ours where it lacks one. */
final class Dl4jGraph {
  private static final double NORMALIZATION_DECAY = 0.9;
  private static final double NORMALIZATION_EPSILON = 1e-5;
  private static final double DEVIATION = 0.01;

  private final Blueprint blueprint;
  private final ComputationGraphConfiguration.GraphBuilder graph;

  private Dl4jGraph(Blueprint blueprint, long seed) {
    this.blueprint = blueprint;
    graph =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            // Steps are taken outside the graph, on its flat gradient; this one keeps no state.
            .updater(new Sgd(1))
            .activation(Activation.IDENTITY)
            .convolutionMode(ConvolutionMode.Truncate)
            .graphBuilder()
            .addInputs(Blueprint.INPUT)
            .setInputTypes(
                InputType.convolutional(
                    blueprint.input().size(1),
                    blueprint.input().size(2),
                    blueprint.input().size(0)));
  }

  /** The outputs are the network's own, then those of its heads. */
  static ComputationGraphConfiguration configuration(Blueprint blueprint, long seed) {
    Dl4jGraph translation = new Dl4jGraph(blueprint, seed);
    blueprint.nodes().forEach(translation::add);
    return translation.graph.setOutputs(translation.outputs()).build();
  }

  /** With its first weights. */
  static ComputationGraph of(Blueprint blueprint, long seed) {
    ComputationGraph network = new ComputationGraph(configuration(blueprint, seed));
    network.init();
    network.initGradientsView();
    return network;
  }

  private String[] outputs() {
    List<String> outputs = new ArrayList<>(List.of(blueprint.output().name()));
    blueprint.nodes().stream()
        .filter(
            node -> node.layer() instanceof LayerSpec.Softmax && !node.equals(blueprint.output()))
        .forEach(node -> outputs.add(node.name()));
    return outputs.toArray(String[]::new);
  }

  private void add(Blueprint.Node node) {
    String[] inputs = node.inputs().toArray(String[]::new);
    if (node.layer() instanceof LayerSpec.Sum) {
      graph.addVertex(node.name(), new ElementWiseVertex(ElementWiseVertex.Op.Add), inputs);
    } else if (node.layer() instanceof LayerSpec.Concatenation) {
      graph.addVertex(node.name(), new MergeVertex(), inputs);
    } else if (node.layer() instanceof LayerSpec.PaddedShortcut shortcut) {
      graph.addVertex(
          node.name(), new PaddedShortcut(shortcut.channels(), shortcut.stride()), inputs);
    } else if (node.layer() instanceof LayerSpec.Convolution convolution
        && convolution.groups() > 1) {
      addGroups(node, convolution);
    } else if (node.layer() instanceof LayerSpec.DepthwiseConvolution depthwise) {
      addDepthwise(node, depthwise);
    } else {
      graph.addLayer(node.name(), layer(node), inputs);
    }
  }

  private void addDepthwise(Blueprint.Node node, LayerSpec.DepthwiseConvolution depthwise) {
    String input = node.inputs().get(0);
    if (depthwise.multiplier() > 1) {
      String repeated = node.name() + "-input";
      graph.addVertex(repeated, new RepeatedChannels(depthwise.multiplier()), input);
      input = repeated;
    }
    int channels = node.output().size(0);
    graph.addLayer(
        node.name(),
        new DepthwiseConvolution(
            new DepthwiseConvolution2D.Builder(depthwise.size(), depthwise.size())
                .stride(depthwise.stride(), depthwise.stride())
                .padding(depthwise.padding(), depthwise.padding())
                .depthMultiplier(1)
                .nIn(channels)
                .nOut(channels)
                .hasBias(depthwise.biased())
                .biasInit(node.firstWeights().bias())
                .weightInit(depthwiseWeights(node.firstWeights(), depthwise.size()))),
        input);
  }

  /** A convolution a group, each on its range of channels, and their maps after one another. */
  private void addGroups(Blueprint.Node node, LayerSpec.Convolution convolution) {
    int groups = convolution.groups();
    int channels = node.inputShape().size(0) / groups;
    String[] parts = new String[groups];
    for (int group = 0; group < groups; group++) {
      String range = "%s-input%d".formatted(node.name(), group + 1);
      parts[group] = "%s-group%d".formatted(node.name(), group + 1);
      graph.addVertex(
          range,
          new ChannelRange(group * channels, (group + 1) * channels - 1),
          node.inputs().get(0));
      graph.addLayer(
          parts[group],
          convolution(convolution, convolution.filters() / groups, node.firstWeights()),
          range);
    }
    graph.addVertex(node.name(), new MergeVertex(), parts);
  }

  private static Layer layer(Blueprint.Node node) {
    LayerSpec layer = node.layer();
    FirstWeights first = node.firstWeights();
    if (layer instanceof LayerSpec.Convolution convolution) {
      return convolution(convolution, convolution.filters(), first);
    }
    if (layer instanceof LayerSpec.TransposedConvolution transposed) {
      return new Deconvolution2D.Builder(transposed.size(), transposed.size())
          .stride(transposed.stride(), transposed.stride())
          .padding(transposed.padding(), transposed.padding())
          .nOut(transposed.filters())
          .biasInit(first.bias())
          .weightInit(weights(first))
          .build();
    }
    if (layer instanceof LayerSpec.TiledConvolution tiled) {
      return new TiledConvolution(tiled.filters(), tiled.area(), tiled.period())
          .beginningWith(weights(first), first.bias());
    }
    if (layer instanceof LayerSpec.UnsharedConvolution unshared) {
      return new TiledConvolution(unshared.filters(), unshared.area(), Integer.MAX_VALUE)
          .beginningWith(weights(first), first.bias());
    }
    return layerWithoutWindow(node);
  }

  private static Layer layerWithoutWindow(Blueprint.Node node) {
    LayerSpec layer = node.layer();
    FirstWeights first = node.firstWeights();
    if (layer instanceof LayerSpec.Dense dense) {
      return new Dense(dense.neurons(), weights(first), first.bias());
    }
    if (layer instanceof LayerSpec.Softmax softmax) {
      return new OutputLayer.Builder(loss(softmax))
          .nOut(softmax.classes())
          .weightInit(weights(first))
          .biasInit(first.bias())
          .activation(Activation.SOFTMAX)
          .build();
    }
    if (layer instanceof LayerSpec.MaxPooling pooling) {
      return pooling(PoolingType.MAX, pooling);
    }
    if (layer instanceof LayerSpec.AveragePooling pooling) {
      return pooling(PoolingType.AVG, pooling);
    }
    if (layer instanceof LayerSpec.GlobalAveragePooling) {
      return new GlobalPoolingLayer.Builder(PoolingType.AVG).build();
    }
    if (layer instanceof LayerSpec.BatchNormalization) {
      return new BatchNormalization.Builder()
          .decay(NORMALIZATION_DECAY)
          .eps(NORMALIZATION_EPSILON)
          // The variance itself, not its logarithm: replicas' statistics are averaged.
          .useLogStd(false)
          .build();
    }
    if (layer instanceof LayerSpec.LocalResponseNormalization) {
      return new LocalResponse();
    }
    if (layer instanceof LayerSpec.Relu) {
      return new ActivationLayer.Builder().activation(Activation.RELU).build();
    }
    if (layer instanceof LayerSpec.Dropout dropout) {
      return new DropoutLayer.Builder(1 - dropout.probability()).build();
    }
    throw new IllegalStateException("No layer of the engine is %s".formatted(layer));
  }

  private static Layer convolution(
      LayerSpec.Convolution convolution, int filters, FirstWeights first) {
    if (convolution.dilation() > 1) {
      TiledConvolution dilated =
          new TiledConvolution(filters, convolution.area(), 1)
              .beginningWith(weights(first), first.bias());
      return convolution.biased() ? dilated : dilated.withoutBiases();
    }
    return new Convolution(
        new ConvolutionLayer.Builder(convolution.size(), convolution.size())
            .nOut(filters)
            .stride(convolution.stride(), convolution.stride())
            .padding(convolution.padding(), convolution.padding())
            .hasBias(convolution.biased())
            .biasInit(first.bias())
            .weightInit(weights(first)));
  }

  private static SubsamplingLayer pooling(PoolingType type, LayerSpec.Moving window) {
    return new SubsamplingLayer.Builder(type)
        .kernelSize(window.size(), window.size())
        .stride(window.stride(), window.stride())
        .padding(window.padding(), window.padding())
        .build();
  }

  private static LossMCXENT loss(LayerSpec.Softmax softmax) {
    return softmax.lossWeight() == 1
        ? new LossMCXENT()
        : new LossMCXENT(Nd4j.valueArrayOf(softmax.classes(), (float) softmax.lossWeight()));
  }

  /** The engine would count all channels as a neuron's inputs; a depthwise one sees its own. */
  private static IWeightInit depthwiseWeights(FirstWeights first, int size) {
    double inputs = (double) size * size;
    return switch (first.scheme()) {
      case HE -> new WeightInitDistribution(new NormalDistribution(0, Math.sqrt(2 / inputs)));
      case GLOROT -> {
        double end = Math.sqrt(6 / (2 * inputs));
        yield new WeightInitDistribution(new UniformDistribution(-end, end));
      }
      case GAUSSIAN -> weights(first);
    };
  }

  private static IWeightInit weights(FirstWeights first) {
    return switch (first.scheme()) {
      case HE -> new WeightInitRelu();
      case GLOROT -> new WeightInitXavierUniform();
      case GAUSSIAN -> new WeightInitDistribution(new NormalDistribution(0, DEVIATION));
    };
  }
}
