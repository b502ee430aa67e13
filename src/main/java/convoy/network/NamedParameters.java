package convoy.network;

import convoy.convolution.Shape;
import convoy.core.Location;
import convoy.core.Safetensors;
import convoy.core.Safetensors.Array;
import convoy.core.UserException;
import convoy.network.StateLayout.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parameters by name, as PyTorch's {@code state_dict} has them; torchvision's names where the
 * network is torchvision's, so that files go both ways.
 */
public final class NamedParameters {
  private static final String RUNNING = "running_var";

  /** Of each normalization, in PyTorch; not used here. */
  private static final String BATCHES = "num_batches_tracked";

  private final Location file;
  private final Safetensors arrays;

  private NamedParameters(Location file, Safetensors arrays) {
    this.file = file;
    this.arrays = arrays;
  }

  /**
   * Writes parameters.
   *
   * @param parameters little-endian floats in this layout
   * @return the file's SHA-256
   */
  public static String write(Location file, StateLayout layout, byte[] parameters) {
    return Safetensors.write(file, arrays(layout, parameters));
  }

  static List<Array> arrays(StateLayout layout, byte[] parameters) {
    List<Array> arrays = new ArrayList<>();
    for (Block block : layout.blocks()) {
      if (block.parameter().name().equals(RUNNING)) {
        String name = block.name().replace(RUNNING, BATCHES);
        arrays.add(Array.of(name, Safetensors.Type.I64, List.of(), new byte[Long.BYTES], 0));
      }
    }
    for (Block block : layout.blocks()) {
      arrays.add(
          Array.of(
              block.name(),
              Safetensors.Type.F32,
              block.shape().sizes(),
              parameters,
              block.from() * Float.BYTES));
    }
    return arrays;
  }

  public static NamedParameters read(Location file) {
    return new NamedParameters(file, Safetensors.read(file));
  }

  public String sha256() {
    return arrays.sha256();
  }

  /**
   * The parameters of a layout, little-endian floats.
   *
   * @param network what they are for, for messages
   * @throws UserException if one is missing, or of another shape or type
   */
  public byte[] inOrderOf(StateLayout layout, String network) {
    byte[] parameters = new byte[layout.bytes()];
    put(layout.blocks(), network, parameters);
    return parameters;
  }

  /** The array of a block's name, whatever its shape. */
  Optional<Array> array(Block block) {
    return arrays.array(block.name());
  }

  /** Puts some blocks into a state. */
  void put(List<Block> blocks, String network, byte[] parameters) {
    List<Block> missing = new ArrayList<>();
    for (Block block : blocks) {
      Array array = array(block).orElse(null);
      if (array == null) {
        missing.add(block);
      } else {
        requireFit(array, block, network);
        System.arraycopy(
            array.bytes(), array.from(), parameters, block.from() * Float.BYTES, array.length());
      }
    }
    if (!missing.isEmpty()) {
      throw new UserException(
          "Cannot use %s for %s: %d of %d arrays are missing, %s first; it has %s. Name weights of the same network."
              .formatted(
                  file,
                  network,
                  missing.size(),
                  blocks.size(),
                  missing.get(0).name(),
                  arrays.arrays().stream().map(Array::name).limit(3).toList()));
    }
  }

  private void requireFit(Array array, Block block, String network) {
    if (!array.shape().equals(block.shape().sizes())) {
      throw new UserException(
          "Cannot use %s for %s: %s is %s there and %s here. Name weights of the same network, input, stem and number of classes."
              .formatted(file, network, block.name(), new Shape(array.shape()), block.shape()));
    }
    if (!array.type().equals(Safetensors.Type.F32.name())) {
      throw new UserException(
          "Cannot use %s for %s: %s is of type %s. Save it in single precision (F32)."
              .formatted(file, network, block.name(), array.type()));
    }
  }
}
