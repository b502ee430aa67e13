package convoy.network.torch;

import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Kernels with the batch normalization that follows them multiplied in, for a network that is only
 * asked: the normalization is then no pass of its own. Made when first asked after a change.
 */
final class FoldedNormalizations {
  private final FlatVectors vectors;

  /** Convolutions by the name of the layer that folds, and their normalizations. */
  private final Map<Node, Node> pairs;

  private Map<String, Layer> layers = Map.of();
  private PointerScope owned;

  FoldedNormalizations(FlatVectors vectors, Map<Node, Node> pairs) {
    this.vectors = vectors;
    this.pairs = pairs;
  }

  /** Whether a normalization can be part of the kernels before it. */
  static boolean folds(Node kernels) {
    return kernels.layer() instanceof LayerSpec.Convolution
        || kernels.layer() instanceof LayerSpec.DepthwiseConvolution;
  }

  /** The parameters are others now. */
  void forget() {
    layers = Map.of();
    if (owned != null) {
      owned.close();
      owned = null;
    }
  }

  /** By name, what stands for the two layers of each pair. */
  Map<String, Layer> layers() {
    if (layers.isEmpty() && !pairs.isEmpty()) {
      Map<String, Layer> made = new HashMap<>();
      try (PointerScope building = new PointerScope()) {
        pairs.forEach((kernels, normalization) -> fold(kernels, normalization, made));
        building.extend();
        owned = building;
      }
      layers = made;
    }
    return layers;
  }

  private void fold(Node kernels, Node normalization, Map<String, Layer> made) {
    Tensor factor =
        value(normalization, "weight")
            .div(value(normalization, "running_var").add(new Scalar(Layers.EPSILON)).sqrt());
    Tensor shift =
        value(normalization, "bias").sub(value(normalization, "running_mean").mul(factor));
    FlatVectors.View ownBias = vectors.view(kernels.key() + ".bias");
    Tensor bias = ownBias == null ? shift : shift.add(ownBias.values().detach().mul(factor));
    Tensor weight = value(kernels, "weight").mul(factor.view(-1, 1, 1, 1));
    made.put(kernels.name(), Layers.withKernels(kernels, weight, bias));
    made.put(normalization.name(), (inputs, pass) -> inputs.get(0));
  }

  private Tensor value(Node node, String parameter) {
    return vectors.view(node.key() + "." + parameter).values().detach();
  }
}
