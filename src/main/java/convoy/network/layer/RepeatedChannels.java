package convoy.network.layer;

import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Each channel several times after itself. A depthwise convolution with several filters a channel
 * is one with a single filter on repeated channels; oneDNN computes only the latter, and the
 * engine's other code is 15 times slower.
 */
public final class RepeatedChannels extends PlainVertex {
  @JsonProperty private final int times;

  public RepeatedChannels(@JsonProperty("times") int times) {
    this.times = times;
  }

  @Override
  public GraphVertex clone() {
    return new RepeatedChannels(times);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RepeatedChannels repeated && repeated.times == times;
  }

  @Override
  public int hashCode() {
    return times;
  }

  @Override
  public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
      ComputationGraph graph,
      String name,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    return new RepeatedChannelsComputation(graph, name, index, type, times);
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType... inputs) {
    InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputs[0];
    return InputType.convolutional(map.getHeight(), map.getWidth(), map.getChannels() * times);
  }
}
