package convoy.network.layer;

import convoy.convolution.Window;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The residual shortcut without parameters (He et al., 2016, section 4.2, option A): every {@code
 * stride}-th row and column, and zeros for the channels that the input does not have.
 */
public final class PaddedShortcut extends PlainVertex {
  @JsonProperty private final int channels;
  @JsonProperty private final int stride;

  /**
   * @param channels of the output, at least as many as the input has
   */
  public PaddedShortcut(
      @JsonProperty("channels") int channels, @JsonProperty("stride") int stride) {
    this.channels = channels;
    this.stride = stride;
  }

  @Override
  public GraphVertex clone() {
    return new PaddedShortcut(channels, stride);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PaddedShortcut shortcut
        && shortcut.channels == channels
        && shortcut.stride == stride;
  }

  @Override
  public int hashCode() {
    return 31 * channels + stride;
  }

  @Override
  public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
      ComputationGraph graph,
      String name,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    return new PaddedShortcutComputation(graph, name, index, type, channels, stride);
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType... inputs) {
    InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputs[0];
    Window every = Window.valid(1).strided(stride);
    return InputType.convolutional(
        every.output((int) map.getHeight()), every.output((int) map.getWidth()), channels);
  }
}
