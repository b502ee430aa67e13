package convoy.network.dl4j;

import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.LayerVisitor;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** A layer in DL4J's words, or that it has none for it. */
sealed interface Translation {

  record ALayer(Layer layer) implements Translation {}

  record AVertex(GraphVertex vertex) implements Translation {}

  /**
   * @param reason a clause
   */
  record Missing(String reason) implements Translation {}

  static Translation of(Node node) {
    return node.layer().accept(new Words(node));
  }

  /** DL4J's layers; first weights come with the state. */
  record Words(Node node) implements LayerVisitor<Translation> {
    private static final double NORMALIZATION_DECAY = 0.9;
    private static final double NORMALIZATION_EPSILON = 1e-5;
    private static final int FEWEST_CHANNELS = 3;

    private Translation missing(String reason) {
      return new Missing("at layer %s, %s".formatted(node.name(), reason));
    }

    @Override
    public Translation convolution(LayerSpec.Convolution layer) {
      if (layer.groups() > 1) {
        return missing("Deeplearning4j has no convolution in groups");
      }
      return new ALayer(
          new ConvolutionLayer.Builder(layer.size(), layer.size())
              .nOut(layer.filters())
              .stride(layer.stride(), layer.stride())
              .padding(layer.padding(), layer.padding())
              .dilation(layer.dilation(), layer.dilation())
              .hasBias(layer.biased())
              .build());
    }

    @Override
    public Translation depthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
      return new ALayer(
          new DepthwiseConvolution2D.Builder(layer.size(), layer.size())
              .stride(layer.stride(), layer.stride())
              .padding(layer.padding(), layer.padding())
              .depthMultiplier(layer.multiplier())
              .hasBias(layer.biased())
              .build());
    }

    @Override
    public Translation transposedConvolution(LayerSpec.TransposedConvolution layer) {
      return new ALayer(
          new Deconvolution2D.Builder(layer.size(), layer.size())
              .stride(layer.stride(), layer.stride())
              .padding(layer.padding(), layer.padding())
              .nOut(layer.filters())
              .build());
    }

    @Override
    public Translation tiledConvolution(LayerSpec.TiledConvolution layer) {
      return missing("Deeplearning4j has no tiled convolution");
    }

    @Override
    public Translation unsharedConvolution(LayerSpec.UnsharedConvolution layer) {
      return missing(
          "Deeplearning4j's locally connected layer puts values in other places than they belong");
    }

    @Override
    public Translation maxPooling(LayerSpec.MaxPooling layer) {
      return pooling(PoolingType.MAX, layer);
    }

    @Override
    public Translation averagePooling(LayerSpec.AveragePooling layer) {
      return pooling(PoolingType.AVG, layer);
    }

    private static Translation pooling(PoolingType type, LayerSpec.Moving window) {
      return new ALayer(
          new SubsamplingLayer.Builder(type)
              .kernelSize(window.size(), window.size())
              .stride(window.stride(), window.stride())
              .padding(window.padding(), window.padding())
              .build());
    }

    @Override
    public Translation globalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
      return new ALayer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
    }

    @Override
    public Translation dense(LayerSpec.Dense layer) {
      return new ALayer(new DenseLayer.Builder().nOut(layer.neurons()).build());
    }

    @Override
    public Translation softmax(LayerSpec.Softmax layer) {
      LossMCXENT loss =
          layer.lossWeight() == 1
              ? new LossMCXENT()
              : new LossMCXENT(Nd4j.valueArrayOf(layer.classes(), (float) layer.lossWeight()));
      return new ALayer(
          new OutputLayer.Builder(loss)
              .nOut(layer.classes())
              .activation(Activation.SOFTMAX)
              .build());
    }

    @Override
    public Translation batchNormalization(LayerSpec.BatchNormalization layer) {
      return new ALayer(
          new BatchNormalization.Builder()
              .decay(NORMALIZATION_DECAY)
              .eps(NORMALIZATION_EPSILON)
              // The variance itself, not its logarithm: replicas' statistics are averaged.
              .useLogStd(false)
              .build());
    }

    @Override
    public Translation localResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
      if (node.inputShape().size(0) < FEWEST_CHANNELS) {
        return missing(
            "Deeplearning4j's response normalization fails on fewer than three channels");
      }
      return new ALayer(new LocalResponseNormalization.Builder().build());
    }

    @Override
    public Translation relu(LayerSpec.Relu layer) {
      return new ALayer(new ActivationLayer.Builder().activation(Activation.RELU).build());
    }

    @Override
    public Translation dropout(LayerSpec.Dropout layer) {
      return new ALayer(new DropoutLayer.Builder(1 - layer.probability()).build());
    }

    @Override
    public Translation paddedShortcut(LayerSpec.PaddedShortcut layer) {
      return missing("Deeplearning4j has no shortcut that pads channels");
    }

    @Override
    public Translation sum(LayerSpec.Sum layer) {
      return new AVertex(new ElementWiseVertex(ElementWiseVertex.Op.Add));
    }

    @Override
    public Translation concatenation(LayerSpec.Concatenation layer) {
      return new AVertex(new MergeVertex());
    }
  }
}
