package convoy.network.torch;

import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.StateLayout;
import convoy.network.StateLayout.Block;
import convoy.network.architecture.Parameter.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * A replica's parameters and their momentum, each one vector that the layers' arrays are views of:
 * first what decays, then the other trained values, then statistics. An array's values may lie in
 * another order than in the state (see {@link MemoryOrder}). The scope that is open while they are
 * made owns them.
 */
final class FlatVectors {
  private final StateLayout layout;
  private final Map<String, View> views = new LinkedHashMap<>();
  private final Device device;
  private final Tensor parameters;
  private final Tensor momentum;

  /**
   * One array.
   *
   * @param values trained ones have a gradient after a backward pass
   */
  record View(Block block, Tensor values, Tensor momentum) {}

  FlatVectors(StateLayout layout, MemoryOrder order, Device device) {
    this.layout = layout;
    this.device = device;
    TensorOptions onDevice = new TensorOptions().device(new DeviceOptional(device));
    parameters = torch.zeros(new long[] {layout.values()}, onDevice);
    momentum = torch.zeros(new long[] {layout.values()}, onDevice);
    long from = 0;
    for (Block block : inMemory()) {
      long[] sizes = sizes(block);
      long[] strides = order.strides(block);
      LongOptional offset = new LongOptional(from);
      Tensor values = parameters.as_strided(sizes, strides, offset).detach();
      values.set_requires_grad(block.role() != Role.STATISTIC);
      views.put(block.name(), new View(block, values, momentum.as_strided(sizes, strides, offset)));
      from += block.length();
    }
  }

  private List<Block> inMemory() {
    return Stream.of(Role.WEIGHT, Role.SCALE, Role.BIAS, Role.STATISTIC)
        .flatMap(role -> layout.blocks().stream().filter(block -> block.role() == role))
        .toList();
  }

  private static long[] sizes(Block block) {
    return block.shape().sizes().stream().mapToLong(Integer::longValue).toArray();
  }

  Device device() {
    return device;
  }

  /** By the names of the state. */
  View view(String name) {
    return views.get(name);
  }

  List<View> ofRoles(Role... roles) {
    List<Role> wanted = List.of(roles);
    return views.values().stream().filter(view -> wanted.contains(view.block.role())).toList();
  }

  /** In the state's order. */
  float[] statistics() {
    List<View> some = ofRoles(Role.STATISTIC);
    float[] statistics = new float[some.stream().mapToInt(view -> view.block.length()).sum()];
    int at = 0;
    for (View view : some) {
      float[] values = new float[view.block.length()];
      view.values.cpu().data_ptr_float().get(values);
      System.arraycopy(values, 0, statistics, at, values.length);
      at += values.length;
    }
    return statistics;
  }

  ModelState state() {
    return new ModelState(canonical(false), canonical(true));
  }

  void restore(ModelState state) {
    layout.require(state);
    put(state.parameters(), false);
    put(state.momentum(), true);
  }

  void rest() {
    var unused = momentum.zero_();
  }

  void change(Consumer<Network.Vectors> change) {
    if (device.is_cpu()) {
      change.accept(addresses(parameters, momentum));
      return;
    }
    var unused =
        Scopes.freeing(
            () -> {
              Tensor here = parameters.cpu();
              Tensor momentumHere = momentum.cpu();
              change.accept(addresses(here, momentumHere));
              parameters.copy_(here);
              momentum.copy_(momentumHere);
              return views;
            });
  }

  private Network.Vectors addresses(Tensor parameters, Tensor momentum) {
    int trained =
        layout.blocks().stream()
            .filter(block -> block.role() != Role.STATISTIC)
            .mapToInt(Block::length)
            .sum();
    return new Network.Vectors(
        parameters.data_ptr().address(),
        momentum.data_ptr().address(),
        layout.values(),
        List.of(new Network.Stretch(0, trained)));
  }

  private byte[] canonical(boolean ofMomentum) {
    return Scopes.freeing(
        () -> {
          Tensor vector = torch.empty(layout.values());
          for (View view : views.values()) {
            place(vector, view).copy_((ofMomentum ? view.momentum : view.values).detach());
          }
          byte[] bytes = new byte[layout.bytes()];
          memory(vector).get(bytes);
          return bytes;
        });
  }

  private void put(byte[] bytes, boolean ofMomentum) {
    var unused =
        Scopes.freeing(
            () -> {
              Tensor vector = torch.empty(layout.values());
              memory(vector).put(bytes);
              for (View view : views.values()) {
                (ofMomentum ? view.momentum : view.values).detach().copy_(place(vector, view));
              }
              return views;
            });
  }

  private static Tensor place(Tensor vector, View view) {
    Block block = view.block;
    return vector.narrow(0, block.from(), block.length()).view(sizes(block));
  }

  /** All processors that libtorch runs on are little-endian. */
  private static BytePointer memory(Tensor vector) {
    return new BytePointer(vector.data_ptr());
  }
}
