package convoy.job;

import convoy.data.pictures.Picture;
import convoy.network.Architectures;
import convoy.network.Backend;
import convoy.network.Engine;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.StateLayout;
import convoy.network.TrainedModel;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.report.KernelPictures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** What a trained network looks for, and what it finds in a picture. */
final class LearnedPictures {
  private static final int MAPS_SHOWN = 5;

  private LearnedPictures() {}

  /** PNG by the names of their files. */
  static Map<String, byte[]> of(TrainedModel model, Optional<Picture> picture) {
    NetworkSpec spec = model.description().network();
    List<Node> nodes = Architectures.blueprint(spec).nodes();
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    firstKernels(nodes)
        .ifPresent(node -> pictures.put("filters-" + node.name(), filters(node, model)));
    picture.ifPresent(seen -> pictures.putAll(maps(model, seen, shown(nodes))));
    return pictures;
  }

  /** The first layer's kernels, as {@link #of} shows them. */
  static Optional<byte[]> filters(TrainedModel model) {
    return firstKernels(Architectures.blueprint(model.description().network()).nodes())
        .map(node -> filters(node, model));
  }

  private static Map<String, byte[]> maps(TrainedModel model, Picture seen, List<Node> shown) {
    NetworkSpec spec = model.description().network();
    float[] input = new float[spec.inputSize()];
    model.description().transform().apply(seen, input, 0);
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    pictures.put("input", KernelPictures.input(input, spec.inputShape()));
    Set<String> names = shown.stream().map(Node::name).collect(Collectors.toSet());
    try (Network network = Engine.open(spec, Backend.TORCH_CPU, OptionalInt.empty())) {
      network.restore(ModelState.atRest(model.parameters()));
      Map<String, float[]> maps = network.activations(input, 1, names);
      for (Node node : shown) {
        pictures.put(
            "maps-" + node.name(), KernelPictures.maps(maps.get(node.name()), node.output()));
      }
    }
    return pictures;
  }

  /** The first layer with kernels, if it is a convolution with one set of them. */
  private static Optional<Node> firstKernels(List<Node> nodes) {
    return nodes.stream()
        .filter(node -> node.layer().kernels(node.inputShape()).isPresent())
        .findFirst()
        .filter(node -> node.layer() instanceof LayerSpec.Convolution c && c.groups() == 1);
  }

  private static byte[] filters(Node node, TrainedModel model) {
    StateLayout.Block kernels =
        StateLayout.of(model.description().network()).blocks(node.name()).get(0);
    float[] weights = new float[kernels.length()];
    ModelState.floats(model.parameters()).position(kernels.from()).get(weights);
    return KernelPictures.filters(weights, kernels.shape());
  }

  /** Layers from the first to the last whose outputs are maps, evenly taken. */
  private static List<Node> shown(List<Node> nodes) {
    List<Node> maps =
        nodes.stream()
            .filter(node -> node.output().rank() == 3)
            .filter(
                node ->
                    node.layer() instanceof LayerSpec.Relu
                        || node.layer() instanceof LayerSpec.Concatenation)
            .toList();
    int count = Math.min(MAPS_SHOWN, maps.size());
    List<Node> shown = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      shown.add(maps.get(count == 1 ? 0 : i * (maps.size() - 1) / (count - 1)));
    }
    return shown;
  }
}
