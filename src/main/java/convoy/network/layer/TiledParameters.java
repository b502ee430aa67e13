package convoy.network.layer;

import convoy.convolution.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters of a {@link TiledConvolution} in its stretch of the flat vector: weights (tiles of
 * rows, tiles of columns, filters, channels x rows x columns), then biases (tiles of rows, tiles of
 * columns, filters), so that each tile's kernels are a matrix in one piece.
 */
final class TiledParameters implements ParamInitializer {
  static final TiledParameters INSTANCE = new TiledParameters();
  static final String WEIGHTS = "W";
  static final String BIASES = "b";

  private TiledParameters() {}

  private static TiledConvolution tiled(Layer layer) {
    return (TiledConvolution) layer;
  }

  private static long weights(TiledConvolution layer) {
    return layer.operation().weights(layer.input()).count();
  }

  private static long biases(TiledConvolution layer) {
    return layer.biased() ? layer.operation().biases(layer.input()).count() : 0;
  }

  @Override
  public long numParams(NeuralNetConfiguration conf) {
    return numParams(conf.getLayer());
  }

  @Override
  public long numParams(Layer layer) {
    return weights(tiled(layer)) + biases(tiled(layer));
  }

  @Override
  public List<String> paramKeys(Layer layer) {
    return tiled(layer).biased() ? List.of(WEIGHTS, BIASES) : List.of(WEIGHTS);
  }

  @Override
  public List<String> weightKeys(Layer layer) {
    return List.of(WEIGHTS);
  }

  @Override
  public List<String> biasKeys(Layer layer) {
    return tiled(layer).biased() ? List.of(BIASES) : List.of();
  }

  @Override
  public boolean isWeightParam(Layer layer, String key) {
    return key.equals(WEIGHTS);
  }

  @Override
  public boolean isBiasParam(Layer layer, String key) {
    return key.equals(BIASES);
  }

  @Override
  public Map<String, INDArray> init(
      NeuralNetConfiguration conf, INDArray vector, boolean initialize) {
    TiledConvolution layer = tiled(conf.getLayer());
    Map<String, INDArray> views = views(layer, vector);
    if (initialize) {
      INDArray weights = views.get(WEIGHTS);
      double kernel = layer.operation().area().size();
      layer
          .getWeightInitFn()
          .init(
              layer.getNIn() * kernel,
              layer.getNOut() * kernel,
              weights.shape(),
              'c',
              weights.reshape(weights.length()));
      if (layer.biased()) {
        views.get(BIASES).assign(layer.getBiasInit());
      }
    }
    paramKeys(layer).forEach(conf::addVariable);
    return views;
  }

  @Override
  public Map<String, INDArray> getGradientsFromFlattened(
      NeuralNetConfiguration conf, INDArray gradient) {
    return views(tiled(conf.getLayer()), gradient);
  }

  private static Map<String, INDArray> views(TiledConvolution layer, INDArray vector) {
    Shape shape = layer.operation().weights(layer.input());
    int filters = shape.size(0);
    long kernel = (long) shape.size(1) * shape.size(2) * shape.size(3);
    int rows = shape.size(4);
    int columns = shape.size(5);
    INDArray flat = vector.reshape(vector.length());
    long weights = weights(layer);
    Map<String, INDArray> views = new LinkedHashMap<>();
    views.put(
        WEIGHTS,
        flat.get(NDArrayIndex.interval(0, weights)).reshape('c', rows, columns, filters, kernel));
    if (layer.biased()) {
      views.put(
          BIASES,
          flat.get(NDArrayIndex.interval(weights, flat.length()))
              .reshape('c', rows, columns, filters));
    }
    return views;
  }
}
