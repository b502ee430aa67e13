package convoy.network.layer;

import convoy.convolution.Shape;
import convoy.convolution.Window;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.convolution.Convolution;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * {@link TiledConvolution} at work: the windows of the whole map are laid out once, then every tile
 * is one matrix product of its own windows and its own kernels.
 */
final class TiledComputation extends BaseLayer<TiledConvolution> {

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
    INDArray windows = windows(ArrayType.FF_WORKING_MEM, workspaces);
    INDArray output =
        workspaces.createUninitialized(
            ArrayType.ACTIVATIONS,
            dataType,
            new long[] {input.size(0), filters(), windows.size(0), windows.size(1)},
            'c');
    eachTile(
        (rows, columns) -> {
          INDArray places = matrix(windows, rows, columns, ArrayType.FF_WORKING_MEM, workspaces);
          INDArray kernels = tile(getParam(TiledParameters.WEIGHTS), rows, columns);
          INDArray biases = tile(getParam(TiledParameters.BIASES), rows, columns);
          INDArray product =
              workspaces.createUninitialized(
                  ArrayType.FF_WORKING_MEM, dataType, new long[] {places.size(0), filters()}, 'f');
          Nd4j.gemm(places, kernels, product, false, true, 1, 0);
          product.addiRowVector(biases);
          assignMap(product, ofTile(output, rows, columns));
        });
    return output;
  }

  @Override
  public Pair<Gradient, INDArray> backpropGradient(
      INDArray outputGradient, LayerWorkspaceMgr workspaces) {
    assertInputSet(true);
    INDArray windows = windows(ArrayType.BP_WORKING_MEM, workspaces);
    INDArray windowGradients =
        workspaces.createUninitialized(ArrayType.BP_WORKING_MEM, dataType, windows.shape(), 'c');
    eachTile(
        (rows, columns) -> {
          INDArray places = matrix(windows, rows, columns, ArrayType.BP_WORKING_MEM, workspaces);
          INDArray errors = errors(ofTile(outputGradient, rows, columns), workspaces);
          INDArray kernels = tile(getParam(TiledParameters.WEIGHTS), rows, columns);
          INDArray kernelGradient = tile(gradientViews.get(TiledParameters.WEIGHTS), rows, columns);
          Nd4j.gemm(places, errors, kernelGradient.transpose(), true, false, 1, 0);
          errors.sum(tile(gradientViews.get(TiledParameters.BIASES), rows, columns), 0);
          INDArray transposed =
              workspaces.createUninitialized(
                  ArrayType.BP_WORKING_MEM,
                  dataType,
                  new long[] {places.size(1), places.size(0)},
                  'f');
          Nd4j.gemm(kernels, errors, transposed, true, true, 1, 0);
          INDArray target = ofTileWindows(windowGradients, rows, columns);
          target.assign(transposed.transpose().reshape('c', target.shape()));
        });
    Gradient gradient = new DefaultGradient();
    gradient.setGradientFor(TiledParameters.WEIGHTS, gradientViews.get(TiledParameters.WEIGHTS));
    gradient.setGradientFor(TiledParameters.BIASES, gradientViews.get(TiledParameters.BIASES));
    return new Pair<>(
        gradient, backpropDropOutIfPresent(inputGradient(windowGradients, workspaces)));
  }

  private interface Tile {
    void compute(int rows, int columns);
  }

  private void eachTile(Tile tile) {
    Shape weights = layerConf().operation().weights(layerConf().input());
    for (int rows = 0; rows < weights.size(4); rows++) {
      for (int columns = 0; columns < weights.size(5); columns++) {
        tile.compute(rows, columns);
      }
    }
  }

  private long filters() {
    return layerConf().getNOut();
  }

  private Window side() {
    return layerConf().operation().area().rows();
  }

  /** (output rows, output columns, minibatch, channels, rows, columns), in one piece. */
  private INDArray windows(ArrayType memory, LayerWorkspaceMgr workspaces) {
    Window side = side();
    INDArray windows =
        workspaces.createUninitialized(
            memory,
            dataType,
            new long[] {
              side.output((int) input.size(2)),
              side.output((int) input.size(3)),
              input.size(0),
              input.size(1),
              side.size(),
              side.size()
            },
            'c');
    Convolution.im2col(
        input.castTo(dataType),
        side.size(),
        side.size(),
        side.stride(),
        side.stride(),
        side.before(),
        side.before(),
        1,
        1,
        false,
        windows.permute(2, 3, 4, 5, 0, 1));
    return windows;
  }

  /** The windows of one tile as rows of a matrix: a view where the tile is one place. */
  private INDArray matrix(
      INDArray windows, int rows, int columns, ArrayType memory, LayerWorkspaceMgr workspaces) {
    INDArray tile = ofTileWindows(windows, rows, columns);
    long kernel = tile.size(3) * tile.size(4) * tile.size(5);
    long places = tile.length() / kernel;
    boolean onePlace = tile.size(0) * tile.size(1) == 1;
    return (onePlace ? tile : workspaces.dup(memory, tile, 'c')).reshape('c', places, kernel);
  }

  private INDArray ofTileWindows(INDArray windows, int rows, int columns) {
    int period = layerConf().operation().period();
    return windows.get(
        every(rows, period, windows.size(0)),
        every(columns, period, windows.size(1)),
        NDArrayIndex.all(),
        NDArrayIndex.all(),
        NDArrayIndex.all(),
        NDArrayIndex.all());
  }

  /** The places of a map (minibatch, filters, rows, columns) that one tile computes. */
  private INDArray ofTile(INDArray map, int rows, int columns) {
    int period = layerConf().operation().period();
    return map.get(
            NDArrayIndex.all(),
            NDArrayIndex.all(),
            every(rows, period, map.size(2)),
            every(columns, period, map.size(3)))
        .permute(1, 2, 3, 0);
  }

  private static INDArrayIndex every(int first, int period, long end) {
    // An interval whose stride leads out of the array is refused by ND4J.
    return (long) first + period >= end
        ? NDArrayIndex.interval(first, first + 1L)
        : NDArrayIndex.interval(first, period, end);
  }

  /** (places, filters) as a column for each filter, in the order of {@link #matrix}. */
  private INDArray errors(INDArray map, LayerWorkspaceMgr workspaces) {
    return workspaces
        .dup(ArrayType.BP_WORKING_MEM, map, 'c')
        .reshape('c', filters(), map.length() / filters())
        .transpose();
  }

  /** Writes (places, filters) into (filters, rows, columns, minibatch). */
  private static void assignMap(INDArray product, INDArray map) {
    map.assign(product.transpose().reshape('c', map.shape()));
  }

  private static INDArray tile(INDArray parameters, int rows, int columns) {
    return parameters.get(NDArrayIndex.point(rows), NDArrayIndex.point(columns));
  }

  /** Adds up the gradients of all windows that a place of the input is in. */
  private INDArray inputGradient(INDArray windowGradients, LayerWorkspaceMgr workspaces) {
    Window side = side();
    INDArray gradient =
        workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
    Convolution.col2im(
        windowGradients.permute(2, 3, 4, 5, 0, 1),
        gradient,
        side.stride(),
        side.stride(),
        side.before(),
        side.before(),
        (int) input.size(2),
        (int) input.size(3),
        1,
        1);
    return gradient;
  }
}
