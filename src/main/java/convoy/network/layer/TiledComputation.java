package convoy.network.layer;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import convoy.convolution.Shape;
import java.util.Arrays;
import java.util.function.Consumer;
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

  /** Values of the padded maps that are in the heap at a time, 16 MB, or those of one image. */
  private static final int CHUNK = 1 << 22;

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
    INDArray source = NativeMemory.inOrder(input);
    INDArray output =
        workspaces.createUninitialized(
            ArrayType.ACTIVATIONS,
            dataType,
            new long[] {input.size(0), filters(), windows.outputRows(), windows.outputColumns()},
            'c');
    float[] biases = biases();
    eachChunk(
        windows,
        images -> {
          float[] padded = windows.padded(read(source, images), images.count());
          float[] maps = new float[Math.toIntExact(images.count() * valuesOfImage(output))];
          eachPiece(
              windows,
              images.count(),
              (tile, places) -> {
                multiply(windows, padded, tile, places, biases);
                windows.scatterOutput(mapScratch.read(), filters(), places, maps);
              });
          NativeMemory.write(maps, output, images.first() * valuesOfImage(output));
        });
    return output;
  }

  /** Maps of one tile, (filters, places), into the scratch for maps. */
  private void multiply(
      Windows windows, float[] padded, int tile, Windows.Places places, float[] biases) {
    int count = places.count();
    int size = windows.size();
    FloatPointer matrix = gathered(windows, padded, places);
    float[] maps = mapScratch.room(filters() * count);
    for (int filter = 0; filter < filters(); filter++) {
      int from = filter * count;
      Arrays.fill(maps, from, from + count, biases[tile * filters() + filter]);
    }
    FloatPointer kernels = ofTile(tile, getParam(TiledParameters.WEIGHTS), size);
    cblas_sgemm(
        CblasRowMajor,
        CblasNoTrans,
        CblasTrans,
        filters(),
        count,
        size,
        1,
        kernels,
        size,
        matrix,
        size,
        1,
        mapScratch.written(),
        count);
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray outputGradient, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    Windows windows = windows();
    INDArray source = NativeMemory.inOrder(input);
    INDArray above = NativeMemory.inOrder(outputGradient);
    INDArray below =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
    float[] biasGradient = new float[biases().length];
    gradientViews.get(TiledParameters.WEIGHTS).assign(0);
    eachChunk(
        windows,
        images -> {
          float[] padded = windows.padded(read(source, images), images.count());
          float[] errors = read(above, images);
          float[] inputGradient = new float[padded.length];
          eachPiece(
              windows,
              images.count(),
              (tile, places) -> {
                float[] error = mapScratch.room(filters() * places.count());
                windows.gatherOutput(errors, filters(), places, error);
                addBiasGradients(tile, places.count(), error, biasGradient);
                addKernelGradients(windows, padded, tile, places);
                windows.scatter(gradientScratch.read(), places, inputGradient);
              });
          NativeMemory.write(
              windows.cropped(inputGradient, images.count()),
              below,
              images.first() * valuesOfImage(below));
        });
    if (layerConf().biased()) {
      NativeMemory.of(gradientViews.get(TiledParameters.BIASES)).put(biasGradient);
    }
    Gradient gradient = new DefaultGradient();
    gradientViews.forEach(gradient::setGradientFor);
    return new Pair<>(gradient, backpropDropOutIfPresent(below));
  }

  /**
   * From the errors in the scratch for maps: adds to the kernels' gradients, and leaves the
   * windows' gradients in the scratch for them.
   */
  private void addKernelGradients(
      Windows windows, float[] padded, int tile, Windows.Places places) {
    int count = places.count();
    int size = windows.size();
    FloatPointer matrix = gathered(windows, padded, places);
    FloatPointer error = mapScratch.written();
    cblas_sgemm(
        CblasRowMajor,
        CblasNoTrans,
        CblasNoTrans,
        filters(),
        size,
        count,
        1,
        error,
        count,
        matrix,
        size,
        1,
        ofTile(tile, gradientViews.get(TiledParameters.WEIGHTS), size),
        size);
    gradientScratch.room(count * size);
    cblas_sgemm(
        CblasRowMajor,
        CblasTrans,
        CblasNoTrans,
        count,
        size,
        filters(),
        1,
        error,
        count,
        ofTile(tile, getParam(TiledParameters.WEIGHTS), size),
        size,
        0,
        gradientScratch.outside(),
        size);
  }

  private static long valuesOfImage(INDArray batch) {
    return batch.length() / batch.size(0);
  }

  private static float[] read(INDArray batch, Windows.Every images) {
    float[] values = new float[Math.toIntExact(images.count() * valuesOfImage(batch))];
    NativeMemory.read(batch, images.first() * valuesOfImage(batch), values);
    return values;
  }

  private void eachChunk(Windows windows, Consumer<Windows.Every> chunk) {
    Windows.Every images = new Windows.Every(0, (int) input.size(0), 1);
    int together = Math.max(1, CHUNK / windows.paddedSize());
    for (int i = 0; i < images.count(); i += together) {
      chunk.accept(images.some(i, together));
    }
  }

  private interface Piece {
    /**
     * @param tile number of the kernels that take turns along rows and columns
     */
    void compute(int tile, Windows.Places places);
  }

  private void eachPiece(Windows windows, int images, Piece piece) {
    Shape weights = layerConf().operation().weights(layerConf().input());
    int rows = weights.size(4);
    int columns = weights.size(5);
    for (int tile = 0; tile < rows * columns; tile++) {
      int number = tile;
      Windows.Places whole =
          new Windows.Places(
              new Windows.Every(0, images, 1),
              new Windows.Every(tile / columns, windows.outputRows(), rows),
              new Windows.Every(tile % columns, windows.outputColumns(), columns));
      windows.eachPiece(whole, PIECE, places -> piece.compute(number, places));
    }
  }

  private FloatPointer gathered(Windows windows, float[] padded, Windows.Places places) {
    windows.gather(padded, places, windowScratch.room(places.count() * windows.size()));
    return windowScratch.written();
  }

  private FloatPointer ofTile(int tile, INDArray kernels, int size) {
    return NativeMemory.of(kernels).getPointer((long) tile * filters() * size);
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

  private void addBiasGradients(int tile, int count, float[] errors, float[] gradient) {
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

    /** The memory in the heap for so many values, its contents undefined. */
    float[] room(int wanted) {
      length = wanted;
      if (values.length < length) {
        values = new float[length];
        buffer = Nd4j.createUninitializedDetached(DataType.FLOAT, length);
        outside = NativeMemory.of(buffer);
      }
      return values;
    }

    FloatPointer outside() {
      return outside;
    }

    /** The memory outside, with what is in the heap. */
    FloatPointer written() {
      return outside.put(values, 0, length);
    }

    /** The memory in the heap, with what is outside. */
    float[] read() {
      outside.get(values, 0, length);
      return values;
    }
  }
}
