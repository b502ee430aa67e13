package convoy.network.layer;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.AbstractLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link LocalResponse} at work, image by image: loops over a channel's places, which the JVM turns
 * into vector instructions.
 */
final class LocalResponseComputation extends AbstractLayer<LocalResponseNormalization> {
  private static final float OFFSET = 2;
  private static final float SCALE = 1e-4f;
  private static final float EXPONENT = 0.75f;
  private static final int REACH = 2;

  LocalResponseComputation(NeuralNetConfiguration conf, DataType type) {
    super(conf, type);
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  @Override
  public Type type() {
    return Type.NORMALIZATION;
  }

  @Override
  public void clearNoiseWeightParams() {
    // It has no weights.
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    INDArray source = NativeMemory.inOrder(input);
    INDArray output =
        workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, input.shape(), 'c');
    Image image = new Image();
    for (long start = 0; start < source.length(); start += image.length) {
      NativeMemory.read(source, start, image.values);
      image.normalize();
      for (int i = 0; i < image.length; i++) {
        image.values[i] *= image.power[i];
      }
      NativeMemory.write(image.values, output, start);
    }
    return output;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray outputGradient, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray source = NativeMemory.inOrder(input);
    INDArray errors = NativeMemory.inOrder(outputGradient);
    INDArray gradient =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
    Image image = new Image();
    for (long start = 0; start < source.length(); start += image.length) {
      NativeMemory.read(source, start, image.values);
      NativeMemory.read(errors, start, image.errors);
      image.normalize();
      image.differentiate();
      NativeMemory.write(image.errors, gradient, start);
    }
    return new Pair<>(new DefaultGradient(), gradient);
  }

  /** One image, its channels after one another. */
  private final class Image {
    private final int channels = (int) input.size(1);
    private final int places = (int) (input.size(2) * input.size(3));
    private final int length = channels * places;
    private final float[] values = new float[length];

    /** Of the output; those of the input when they are differentiated. */
    private final float[] errors = new float[length];

    private final float[] sum = new float[length];
    private final float[] power = new float[length];
    private final float[] term = new float[length];

    /** {@code sum = 2 + 0.0001 * squares of neighbours; power = sum^-0.75}. */
    void normalize() {
      for (int i = 0; i < length; i++) {
        term[i] = SCALE * values[i] * values[i];
        sum[i] = OFFSET;
      }
      addNeighbours();
      for (int i = 0; i < length; i++) {
        double root = Math.sqrt(sum[i]);
        power[i] = (float) (1 / (root * Math.sqrt(root)));
      }
    }

    /**
     * {@code dI(i) = dZ(i) power(i) - 2 * 0.75 * 0.0001 I(i) sum of dZ(j) I(j) power(j) / sum(j)}.
     */
    void differentiate() {
      for (int i = 0; i < length; i++) {
        term[i] = errors[i] * values[i] * power[i] / sum[i];
        sum[i] = 0;
      }
      addNeighbours();
      for (int i = 0; i < length; i++) {
        errors[i] = errors[i] * power[i] - 2 * EXPONENT * SCALE * values[i] * sum[i];
      }
    }

    /** Adds each channel's terms to the sums of its neighbours and itself. */
    private void addNeighbours() {
      for (int channel = 0; channel < channels; channel++) {
        int last = Math.min(channels - 1, channel + REACH);
        for (int other = Math.max(0, channel - REACH); other <= last; other++) {
          int to = channel * places;
          int from = other * places;
          for (int i = 0; i < places; i++) {
            sum[to + i] += term[from + i];
          }
        }
      }
    }
  }
}
