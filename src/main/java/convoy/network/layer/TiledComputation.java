package convoy.network.layer;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import convoy.convolution.Shape;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * {@link TiledConvolution} at work. Every tile is matrix products of its own windows and its own
 * kernels, in pieces of some images, so that the windows of a whole minibatch never exist at once.
 * All matrices lie row by row: kernels (filters, window), windows (places, window), maps (filters,
 * places). The products are BLAS's own: an unshared layer has hundreds of small ones, and the
 * engine's way to it costs more than they do.
 */
final class TiledComputation extends BaseLayer<TiledConvolution> {
  /** Values of the windows of one piece, 4 MB: they stay in a processor's cache. */
  private static final int PIECE = 1 << 20;

  private final Scratch windowScratch = new Scratch();
  private final Scratch mapScratch = new Scratch();
  private final Scratch gradientScratch = new Scratch();

  TiledComputation(NeuralNetConfiguration conf, DataType type) {
    super(conf, type);
  }

  @Override
  public boolean isPretrainLayer() {
    return false;
  }

  @Override
  public Type type() {
    return Type.CONVOLUTIONAL;
  }

  @Override
  public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
    assertInputSet(false);
    applyDropOutIfNecessary(training, workspaces);
    Windows windows = windows();
    int images = (int) input.size(0);
    int size = windows.size();
    int filters = filters();
    float[] padded = windows.padded(NativeMemory.values(input), images);
    float[] output = new float[images * filters * windows.outputRows() * windows.outputColumns()];
    float[] biases = biases();
    FloatPointer kernels = NativeMemory.of(getParam(TiledParameters.WEIGHTS));
    eachPiece(
        windows,
        (tile, places) -> {
          int count = windows.count(places);
          FloatPointer matrix = gathered(windows, padded, places);
          FloatPointer map = mapScratch.room(filters * count);
          for (int filter = 0; filter < filters; filter++) {
            int from = filter * count;
            Arrays.fill(mapScratch.values(), from, from + count, biases[tile * filters + filter]);
          }
          mapScratch.write();
          cblas_sgemm(
              CblasRowMajor,
              CblasNoTrans,
              CblasTrans,
              filters,
              count,
              size,
              1,
              ofTile(tile, kernels, size),
              size,
              matrix,
              size,
              1,
              map,
              count);
          windows.scatterOutput(mapScratch.read(), filters, places, output);
        });
    return NativeMemory.array(
        output,
        ArrayType.ACTIVATIONS,
        workspaces,
        images,
        filters,
        windows.outputRows(),
        windows.outputColumns());
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray outputGradient, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    Windows windows = windows();
    int images = (int) input.size(0);
    int size = windows.size();
    int filters = filters();
    float[] padded = windows.padded(NativeMemory.values(input), images);
    float[] errors = NativeMemory.values(outputGradient);
    float[] inputGradient = new float[padded.length];
    float[] biasGradient = new float[biases().length];
    FloatPointer kernels = NativeMemory.of(getParam(TiledParameters.WEIGHTS));
    gradientViews.get(TiledParameters.WEIGHTS).assign(0);
    FloatPointer kernelGradient = NativeMemory.of(gradientViews.get(TiledParameters.WEIGHTS));
    eachPiece(
        windows,
        (tile, places) -> {
          int count = windows.count(places);
          FloatPointer matrix = gathered(windows, padded, places);
          FloatPointer error = mapScratch.room(filters * count);
          windows.gatherOutput(errors, filters, places, mapScratch.values());
          mapScratch.write();
          addBiasGradients(tile, count, biasGradient);
          cblas_sgemm(
              CblasRowMajor,
              CblasNoTrans,
              CblasNoTrans,
              filters,
              size,
              count,
              1,
              error,
              count,
              matrix,
              size,
              1,
              ofTile(tile, kernelGradient, size),
              size);
          FloatPointer windowGradient = gradientScratch.room(count * size);
          cblas_sgemm(
              CblasRowMajor,
              CblasTrans,
              CblasNoTrans,
              count,
              size,
              filters,
              1,
              error,
              count,
              ofTile(tile, kernels, size),
              size,
              0,
              windowGradient,
              size);
          windows.scatter(gradientScratch.read(), places, inputGradient);
        });
    if (layerConf().biased()) {
      NativeMemory.of(gradientViews.get(TiledParameters.BIASES)).put(biasGradient);
    }
    INDArray gradientOfInput =
        NativeMemory.array(
            windows.cropped(inputGradient, images),
            ArrayType.ACTIVATION_GRAD,
            workspaces,
            input.shape());
    Gradient gradient = new DefaultGradient();
    gradientViews.forEach(gradient::setGradientFor);
    return new Pair<>(gradient, backpropDropOutIfPresent(gradientOfInput));
  }

  private interface Piece {
    /**
     * @param tile number of the kernels that take turns along rows and columns
     */
    void compute(int tile, Windows.Places places);
  }

  private void eachPiece(Windows windows, Piece piece) {
    Shape weights = layerConf().operation().weights(layerConf().input());
    int rows = weights.size(4);
    int columns = weights.size(5);
    int images = (int) input.size(0);
    for (int tile = 0; tile < rows * columns; tile++) {
      Windows.Places inOne =
          new Windows.Places(0, 1, tile / columns, rows, tile % columns, columns);
      int together = Math.max(1, PIECE / (windows.size() * windows.count(inOne)));
      for (int first = 0; first < images; first += together) {
        piece.compute(tile, inOne.inImages(first, Math.min(together, images - first)));
      }
    }
  }

  private FloatPointer gathered(Windows windows, float[] padded, Windows.Places places) {
    FloatPointer matrix = windowScratch.room(windows.count(places) * windows.size());
    windows.gather(padded, places, windowScratch.values());
    windowScratch.write();
    return matrix;
  }

  private FloatPointer ofTile(int tile, FloatPointer kernels, int size) {
    return kernels.getPointer((long) tile * filters() * size);
  }

  private Windows windows() {
    return new Windows(layerConf().operation().area(), layerConf().input());
  }

  private int filters() {
    return (int) layerConf().getNOut();
  }

  /** (tiles, filters); zeros where there are none. */
  private float[] biases() {
    return layerConf().biased()
        ? NativeMemory.values(getParam(TiledParameters.BIASES))
        : new float[(int) layerConf().operation().biases(layerConf().input()).count()];
  }

  private void addBiasGradients(int tile, int count, float[] gradient) {
    float[] errors = mapScratch.values();
    for (int filter = 0; filter < filters(); filter++) {
      double sum = 0;
      for (int i = filter * count; i < (filter + 1) * count; i++) {
        sum += errors[i];
      }
      gradient[tile * filters() + filter] += (float) sum;
    }
  }

  /** Memory on both sides, kept from step to step: in the heap for Java, outside for products. */
  private static final class Scratch {
    private float[] values = new float[0];
    private INDArray buffer = Nd4j.empty(DataType.FLOAT);
    private FloatPointer outside = new FloatPointer();
    private int length;

    /** The memory outside the heap for so many values, its contents undefined. */
    FloatPointer room(int wanted) {
      length = wanted;
      if (values.length < length) {
        values = new float[length];
        buffer = Nd4j.createUninitializedDetached(DataType.FLOAT, length);
        outside = NativeMemory.of(buffer);
      }
      return outside;
    }

    float[] values() {
      return values;
    }

    void write() {
      outside.put(values, 0, length);
    }

    float[] read() {
      outside.get(values, 0, length);
      return values;
    }
  }
}
