package convoy.network.layer;

import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A range of a map's channels. DL4J's own vertex computes the same but reports {@code from - to +
 * 1} channels, so that no layer could be built on it.
 */
public final class ChannelRange extends SubsetVertex {

  /**
   * @param from first channel; {@code to} the last one, included
   */
  public ChannelRange(@JsonProperty("from") int from, @JsonProperty("to") int to) {
    super(from, to);
  }

  @Override
  public ChannelRange clone() {
    return new ChannelRange(getFrom(), getTo());
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType... inputs) {
    InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputs[0];
    return InputType.convolutional(map.getHeight(), map.getWidth(), getTo() - getFrom() + 1);
  }
}
