package convoy.network.architecture;

/**
 * What stands for each kind of layer in an engine. Every method has to be written, so an engine
 * that forgets a kind of layer does not compile.
 *
 * @param <R> what it is
 */
public interface LayerVisitor<R> {
  R convolution(LayerSpec.Convolution layer);

  R depthwiseConvolution(LayerSpec.DepthwiseConvolution layer);

  R transposedConvolution(LayerSpec.TransposedConvolution layer);

  R tiledConvolution(LayerSpec.TiledConvolution layer);

  R unsharedConvolution(LayerSpec.UnsharedConvolution layer);

  R maxPooling(LayerSpec.MaxPooling layer);

  R averagePooling(LayerSpec.AveragePooling layer);

  R globalAveragePooling(LayerSpec.GlobalAveragePooling layer);

  R dense(LayerSpec.Dense layer);

  R softmax(LayerSpec.Softmax layer);

  R batchNormalization(LayerSpec.BatchNormalization layer);

  R localResponseNormalization(LayerSpec.LocalResponseNormalization layer);

  R relu(LayerSpec.Relu layer);

  R dropout(LayerSpec.Dropout layer);

  R paddedShortcut(LayerSpec.PaddedShortcut layer);

  R sum(LayerSpec.Sum layer);

  R concatenation(LayerSpec.Concatenation layer);
}
