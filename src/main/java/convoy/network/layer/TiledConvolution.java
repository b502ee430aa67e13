package convoy.network.layer;

import convoy.convolution.Area;
import convoy.convolution.Shape;
import convoy.convolution.Window;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.InputTypeUtil;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Convolution whose kernels repeat over the output with a period ({@link
 * convoy.convolution.TiledConvolution} is its definition); with a period of the map's size it is
 * the locally connected layer. DL4J has no tiled layer, and its locally connected one writes row y,
 * column x of the output where x, y belongs, takes the strides of a map that is not square for
 * those of a square one, and shares its biases. Without an activation of its own.
 */
public final class TiledConvolution extends FeedForwardLayer {
  @JsonProperty private int size;
  @JsonProperty private int stride;
  @JsonProperty private int padding;
  @JsonProperty private int dilation;
  @JsonProperty private boolean biased = true;
  @JsonProperty private int period;
  @JsonProperty private int height;
  @JsonProperty private int width;

  /** For Jackson, which DL4J keeps configurations with. */
  private TiledConvolution() {}

  /**
   * @param area square
   * @param period in places of the output; longer than the map means unshared
   */
  public TiledConvolution(int filters, Area area, int period) {
    Window window = area.rows();
    if (!window.equals(area.columns()) || window.before() != window.after()) {
      throw new IllegalArgumentException("Tiles are square, not " + area);
    }
    nOut = filters;
    size = window.size();
    stride = window.stride();
    padding = window.before();
    dilation = window.dilation();
    this.period = period;
    activationFn = new ActivationIdentity();
  }

  public TiledConvolution withoutBiases() {
    biased = false;
    return this;
  }

  boolean biased() {
    return biased;
  }

  public TiledConvolution beginningWith(IWeightInit weights, double bias) {
    weightInitFn = weights;
    biasInit = bias;
    return this;
  }

  /** What the layer computes. */
  convoy.convolution.TiledConvolution operation() {
    Window side = Window.valid(size).strided(stride).padded(padding).dilated(dilation);
    return new convoy.convolution.TiledConvolution((int) nOut, period, Area.square(side));
  }

  /** Channels, height and width of its input. */
  Shape input() {
    return Shape.of((int) nIn, height, width);
  }

  @Override
  public void setNIn(InputType input, boolean override) {
    InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) input;
    nIn = map.getChannels();
    height = (int) map.getHeight();
    width = (int) map.getWidth();
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType input) {
    InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) input;
    Shape output =
        operation()
            .output(Shape.of((int) map.getChannels(), (int) map.getHeight(), (int) map.getWidth()));
    return InputType.convolutional(output.size(1), output.size(2), nOut);
  }

  @Override
  public InputPreProcessor getPreProcessorForInputType(InputType input) {
    return InputTypeUtil.getPreProcessorForInputTypeCnnLayers(input, getLayerName());
  }

  @Override
  public ParamInitializer initializer() {
    return TiledParameters.INSTANCE;
  }

  @Override
  public Layer instantiate(
      NeuralNetConfiguration conf,
      Collection<TrainingListener> listeners,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    TiledComputation layer = new TiledComputation(conf, type);
    layer.setParamsViewArray(parameters);
    layer.setParamTable(initializer().init(conf, parameters, initialize));
    return Placed.at(index, layer, listeners);
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType input) {
    return new LayerMemoryReport.Builder(
            layerName, TiledConvolution.class, input, getOutputType(-1, input))
        .standardMemory(initializer().numParams(this), 0)
        .workingMemory(0, 0, 0, 0)
        .cacheMemory(0, 0)
        .build();
  }
}
