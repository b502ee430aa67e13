package convoy.network.layer;

import convoy.convolution.Shape;
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
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * {@link TiledConvolution} at work. Every tile is matrix products of its own windows and its own
 * kernels, in pieces of some images, so that the windows of a whole minibatch never exist at once.
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
    float[] padded = windows.padded(NativeMemory.values(input), images);
    float[] output = new float[images * filters() * windows.outputRows() * windows.outputColumns()];
    eachPiece(
        windows,
        (tile, places) -> {
          INDArray matrix = gathered(windows, padded, places);
          INDArray kernels = tile.of(getParam(TiledParameters.WEIGHTS));
          INDArray product = mapScratch.matrix(windows.count(places), filters());
          Nd4j.gemm(matrix, kernels, product, false, true, 1, 0);
          windows.scatterOutput(mapScratch.read(), filters(), biases(tile), places, output);
        });
    INDArray map =
        workspaces.createUninitialized(
            ArrayType.ACTIVATIONS,
            dataType,
            new long[] {images, filters(), windows.outputRows(), windows.outputColumns()},
            'c');
    NativeMemory.of(map).put(output);
    return map;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray outputGradient, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    Windows windows = windows();
    int images = (int) input.size(0);
    float[] padded = windows.padded(NativeMemory.values(input), images);
    float[] errors = NativeMemory.values(outputGradient);
    float[] inputGradient = new float[padded.length];
    gradientViews.values().forEach(gradient -> gradient.assign(0));
    eachPiece(
        windows,
        (tile, places) -> {
          INDArray matrix = gathered(windows, padded, places);
          int count = windows.count(places);
          INDArray error = mapScratch.matrix(count, filters());
          windows.gatherOutput(errors, filters(), places, mapScratch.values());
          mapScratch.write();
          INDArray kernelGradient = tile.of(gradientViews.get(TiledParameters.WEIGHTS));
          Nd4j.gemm(matrix, error, kernelGradient.transpose(), true, false, 1, 1);
          addBiasGradients(tile, count);
          INDArray windowGradient = gradientScratch.matrix(windows.size(), count);
          INDArray kernels = tile.of(getParam(TiledParameters.WEIGHTS));
          Nd4j.gemm(kernels, error, windowGradient, true, true, 1, 0);
          windows.scatter(gradientScratch.read(), places, inputGradient);
        });
    INDArray gradientOfInput =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
    NativeMemory.of(gradientOfInput).put(windows.cropped(inputGradient, images));
    Gradient gradient = new DefaultGradient();
    gradientViews.forEach(gradient::setGradientFor);
    return new Pair<>(gradient, backpropDropOutIfPresent(gradientOfInput));
  }

  /** One of the kernels that take turns along rows and columns. */
  private record Tile(int row, int column) {
    INDArray of(INDArray parameters) {
      return parameters.get(NDArrayIndex.point(row), NDArrayIndex.point(column));
    }
  }

  private interface Piece {
    void compute(Tile tile, Windows.Places places);
  }

  private void eachPiece(Windows windows, Piece piece) {
    Shape weights = layerConf().operation().weights(layerConf().input());
    int images = (int) input.size(0);
    for (int row = 0; row < weights.size(4); row++) {
      for (int column = 0; column < weights.size(5); column++) {
        Tile tile = new Tile(row, column);
        int perImage = windows.size() * windows.count(places(tile, weights, 0, 1));
        int together = Math.max(1, PIECE / perImage);
        for (int first = 0; first < images; first += together) {
          int some = Math.min(together, images - first);
          piece.compute(tile, places(tile, weights, first, some));
        }
      }
    }
  }

  private static Windows.Places places(Tile tile, Shape weights, int firstImage, int images) {
    return new Windows.Places(
        firstImage, images, tile.row(), weights.size(4), tile.column(), weights.size(5));
  }

  private INDArray gathered(Windows windows, float[] padded, Windows.Places places) {
    // (places, window) row by row is what the native side calls (window, places) by columns.
    INDArray matrix = windowScratch.matrix(windows.size(), windows.count(places));
    windows.gather(padded, places, windowScratch.values());
    windowScratch.write();
    return matrix.transpose();
  }

  private Windows windows() {
    return new Windows(layerConf().operation().area(), layerConf().input());
  }

  private int filters() {
    return (int) layerConf().getNOut();
  }

  private float[] biases(Tile tile) {
    return layerConf().biased()
        ? NativeMemory.values(tile.of(getParam(TiledParameters.BIASES)))
        : new float[filters()];
  }

  private void addBiasGradients(Tile tile, int count) {
    if (!layerConf().biased()) {
      return;
    }
    INDArray gradient = tile.of(gradientViews.get(TiledParameters.BIASES));
    float[] errors = mapScratch.values();
    for (int filter = 0; filter < filters(); filter++) {
      double sum = 0;
      for (int i = filter * count; i < (filter + 1) * count; i++) {
        sum += errors[i];
      }
      gradient.putScalar(filter, gradient.getDouble(filter) + sum);
    }
  }

  /** Memory on both sides, kept from step to step: in the heap for Java, outside for products. */
  private static final class Scratch {
    private float[] values = new float[0];
    private INDArray buffer = Nd4j.empty(DataType.FLOAT);
    private int length;

    /** A matrix by columns, its contents undefined. */
    INDArray matrix(int rows, int columns) {
      length = rows * columns;
      if (values.length < length) {
        values = new float[length];
        buffer = Nd4j.createUninitializedDetached(DataType.FLOAT, length);
      }
      return buffer.get(NDArrayIndex.interval(0, length)).reshape('f', rows, columns);
    }

    float[] values() {
      return values;
    }

    void write() {
      NativeMemory.of(buffer).put(values, 0, length);
    }

    float[] read() {
      NativeMemory.of(buffer).get(values, 0, length);
      return values;
    }
  }
}
