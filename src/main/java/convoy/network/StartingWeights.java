package convoy.network;

import convoy.convolution.Shape;
import convoy.core.Location;
import convoy.core.Safetensors;
import convoy.core.UserException;
import convoy.data.sources.LabelIndex;
import convoy.network.StateLayout.Block;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Parameters of a trained network for another one to begin with. Where both know the same classes
 * all is taken over; a network that knows more keeps the old ones' rows of its last layer; one that
 * knows others begins with a new last layer.
 *
 * @param parameters all of the new network's, in the order of its {@link StateLayout}
 * @param head what became of the last layer
 */
public record StartingWeights(byte[] parameters, Head head) {
  private static final String FILE = ".safetensors";

  /** What becomes of the layer that gives classes. */
  public enum Head {
    /** Taken over. */
    KEPT,
    /** Taken over for the classes that were known; new for the others. */
    WIDENED,
    /** Drawn from the seed. */
    NEW
  }

  /**
   * Reads weights for a network.
   *
   * @param path a run, a model folder, or a {@code .safetensors} file with PyTorch's names
   * @param network in its training form
   * @param labels of the classes that it is to know
   * @throws UserException if they are of another architecture, or of other layers
   */
  public static StartingWeights read(String path, NetworkSpec network, LabelIndex labels) {
    if (path.endsWith(FILE)) {
      NamedParameters named = NamedParameters.read(Location.of(path));
      return new Reader(path, network, named, Optional.empty(), labels).read();
    }
    Location folder = TrainedModel.find(path, TrainedModel.Kind.BEST);
    TrainedModel.Description description = TrainedModel.describe(folder);
    NetworkSpec there = description.network();
    if (!there.architecture().equals(network.architecture())) {
      throw new UserException(
          "Cannot begin with weights %s: they are of %s, not %s. Name weights of the same network."
              .formatted(path, there.architecture(), network.architecture()));
    }
    if (!there.layers().equals(network.layers()) || !body(there).equals(body(network))) {
      throw new UserException(
          "Cannot begin with weights %s: they are of a network with another input, stem or other layers. Set network.input, network.stem and network.layers as there."
              .formatted(path));
    }
    return new Reader(
            path,
            network,
            TrainedModel.named(folder, description),
            Optional.of(description.labels()),
            labels)
        .read();
  }

  /**
   * All that both have to have alike, by name: what is left after training, without the last layer.
   */
  private static Map<String, Shape> body(NetworkSpec network) {
    Blueprint trained = Architectures.blueprint(network.in(NetworkSpec.Phase.INFERENCE));
    StateLayout layout = StateLayout.of(trained);
    return trained.nodes().stream()
        .filter(node -> !(node.layer() instanceof LayerSpec.Softmax))
        .flatMap(node -> layout.blocks(node.name()).stream())
        .collect(Collectors.toMap(Block::name, Block::shape));
  }

  /** One reading. */
  private record Reader(
      String path,
      NetworkSpec network,
      NamedParameters named,
      Optional<LabelIndex> known,
      LabelIndex labels) {

    StartingWeights read() {
      StateLayout layout = StateLayout.of(network);
      byte[] parameters = FirstState.of(network).parameters();
      Set<String> body = body(network).keySet();
      named.put(
          layout.blocks().stream().filter(block -> body.contains(block.name())).toList(),
          network.architecture(),
          parameters);
      Head head = Head.KEPT;
      for (Block block : layout.blocks()) {
        if (!body.contains(block.name())) {
          Optional<Safetensors.Array> array = named.array(block);
          Head kind = array.map(found -> head(found, block)).orElse(Head.NEW);
          if (array.isPresent()) {
            take(kind, array.get(), block, parameters);
          }
          // Heads that only training has are in no trained model.
          if (isOutput(block)) {
            head = kind.compareTo(head) > 0 ? kind : head;
          }
        }
      }
      return new StartingWeights(parameters, head);
    }

    private boolean isOutput(Block block) {
      return block.node().equals(Architectures.blueprint(network).output().name());
    }

    private Head head(Safetensors.Array array, Block block) {
      List<Integer> wanted = block.shape().sizes();
      boolean sameInputs =
          array.shape().subList(1, array.shape().size()).equals(wanted.subList(1, wanted.size()));
      if (!sameInputs) {
        return Head.NEW;
      }
      if (known.isEmpty()) {
        return array.shape().equals(wanted) ? Head.KEPT : Head.NEW;
      }
      List<String> before = known.get().classNames();
      List<String> now = labels.classNames();
      if (before.equals(now)) {
        return Head.KEPT;
      }
      return now.containsAll(before) ? Head.WIDENED : Head.NEW;
    }

    /** A class's row moves to where the class is now. */
    private void take(Head kind, Safetensors.Array array, Block block, byte[] parameters) {
      if (kind == Head.NEW) {
        return;
      }
      if (!array.type().equals(Safetensors.Type.F32.name())) {
        throw new UserException(
            "Cannot begin with weights %s: %s is of type %s. Save it in single precision (F32)."
                .formatted(path, block.name(), array.type()));
      }
      int row = array.length() / array.shape().get(0);
      for (int i = 0; i < array.shape().get(0); i++) {
        int to =
            kind == Head.KEPT ? i : labels.classNames().indexOf(known.get().classNames().get(i));
        System.arraycopy(
            array.bytes(),
            array.from() + i * row,
            parameters,
            block.from() * Float.BYTES + to * row,
            row);
      }
    }
  }
}
