package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;

import convoy.network.layer.Convolution;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Convoy's convolution against DL4J's own: the same gradient, on maps large and small. */
class ConvolutionIT {

  @Test
  void theGradientIsDl4jsOwn() {
    Backend.start();
    Random random = new Random(1);
    for (int trial = 0; trial < 25; trial++) {
      int size = 1 + random.nextInt(4);
      int stride = 1 + random.nextInt(2);
      int padding = random.nextInt(size);
      int side = size + random.nextInt(9);
      int channels = 1 + random.nextInt(5);
      int filters = 1 + random.nextInt(20);
      INDArray inputs = Nd4j.randn('c', 3, channels, side, side);
      INDArray labels = Nd4j.zeros(3, 2);
      for (int i = 0; i < 3; i++) {
        labels.putScalar(i, i % 2, 1);
      }
      INDArray[] gradients = new INDArray[2];
      INDArray parameters = null;
      for (int ours = 0; ours < 2; ours++) {
        ComputationGraph graph =
            graph(ours == 1, size, stride, padding, side, channels, filters, trial);
        parameters = parameters == null ? graph.params().dup() : parameters;
        graph.setParams(parameters);
        graph.setInputs(inputs.dup());
        graph.setLabels(labels.dup());
        graph.computeGradientAndScore();
        gradients[ours] = graph.getGradientsViewArray().dup();
        graph.close();
      }
      double largest = gradients[0].ameanNumber().doubleValue() + 1e-6;
      double difference = gradients[0].sub(gradients[1]).amaxNumber().doubleValue();
      assertThat(difference)
          .as(
              "kernel %d, stride %d, padding %d, map %d, %d to %d",
              size, stride, padding, side, channels, filters)
          .isLessThan(2e-4 * largest + 2e-5);
    }
  }

  private static ComputationGraph graph(
      boolean ours,
      int size,
      int stride,
      int padding,
      int side,
      int channels,
      int filters,
      long seed) {
    ConvolutionLayer[] layers = new ConvolutionLayer[2];
    for (int i = 0; i < 2; i++) {
      ConvolutionLayer.Builder builder =
          (i == 0
                  ? new ConvolutionLayer.Builder(size, size)
                      .stride(stride, stride)
                      .padding(padding, padding)
                  : new ConvolutionLayer.Builder(3, 3).stride(1, 1).padding(1, 1))
              .nOut(filters)
              .hasBias(i == 0)
              .activation(Activation.IDENTITY);
      layers[i] = ours ? new Convolution(builder) : builder.build();
    }
    ComputationGraphConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .seed(seed)
            .graphBuilder()
            .addInputs("in")
            .setInputTypes(InputType.convolutional(side, side, channels))
            .addLayer("first", layers[0], "in")
            .addLayer("second", layers[1], "first")
            .addLayer(
                "out",
                new OutputLayer.Builder().nOut(2).activation(Activation.SOFTMAX).build(),
                "second")
            .setOutputs("out")
            .build();
    ComputationGraph graph = new ComputationGraph(configuration);
    graph.init();
    graph.initGradientsView();
    return graph;
  }
}
