package convoy.network.torch;

import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.StateLayout.Block;
import convoy.network.architecture.Parameter.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * A replica's parameters and what its optimizer remembers, each one vector that the layers' arrays
 * are views of: first what decays, then the other trained values, then statistics; an optimizer's
 * means one after the other, then its count of steps. An array's values may lie in another order
 * than in the state (see {@link MemoryOrder}). The scope that is open while they are made owns the
 * parameters.
 */
final class FlatVectors implements AutoCloseable {
  private final StateLayout layout;
  private final Map<String, View> views = new LinkedHashMap<>();
  private final MemoryOrder order;
  private final Device device;
  private final Tensor parameters;
  private final List<Map<String, Tensor>> means = new ArrayList<>();
  private PointerScope remembering;
  private Tensor remembered;

  /**
   * One array.
   *
   * @param from of its values, {@code length} from there on
   * @param values trained ones have a gradient after a backward pass
   */
  record View(Block block, long from, Tensor values) {}

  FlatVectors(StateLayout layout, MemoryOrder order, Device device) {
    this.layout = layout;
    this.order = order;
    this.device = device;
    parameters = zeros(layout.values());
    long from = 0;
    for (Block block : inMemory()) {
      Tensor values = array(parameters, block, from).detach();
      values.set_requires_grad(block.role() != Role.STATISTIC);
      views.put(block.name(), new View(block, from, values));
      from += block.length();
    }
    remember(new Optimizer.Sgd(0, false));
  }

  private Tensor zeros(long values) {
    return torch.zeros(new long[] {values}, new TensorOptions().device(new DeviceOptional(device)));
  }

  private Tensor array(Tensor vector, Block block, long from) {
    return vector.as_strided(sizes(block), order.strides(block), new LongOptional(from));
  }

  /** Makes room for what an optimizer remembers, which is nothing yet. */
  void remember(Optimizer optimizer) {
    long wanted = optimizer.remembered(layout.values());
    if (remembered != null && remembered.numel() == wanted) {
      rest();
      return;
    }
    close();
    means.clear();
    try (PointerScope scope = new PointerScope()) {
      remembered = zeros(wanted);
      for (long from = 0; from + layout.values() <= wanted; from += layout.values()) {
        Map<String, Tensor> mean = new HashMap<>();
        for (View view : views.values()) {
          mean.put(view.block.name(), array(remembered, view.block, from + view.from));
        }
        means.add(mean);
      }
      // Closed now, it would let go of all that was made.
      scope.extend();
      remembering = scope;
    }
  }

  /**
   * The optimizer's mean of an array's gradients.
   *
   * @param which 0 is the momentum
   */
  Tensor mean(int which, View view) {
    return means.get(which).get(view.block.name());
  }

  /** The last number that is remembered, the steps in AdamW's means; one view of it. */
  Tensor steps() {
    return remembered.narrow(0, remembered.numel() - 1, 1);
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
    byte[] parameters = new byte[layout.bytes()];
    get(parameters, 0, View::values);
    byte[] momentum = new byte[Math.toIntExact(remembered.numel() * Float.BYTES)];
    for (int i = 0; i < means.size(); i++) {
      int which = i;
      get(momentum, which * layout.bytes(), view -> mean(which, view));
    }
    int rest = means.size() * layout.bytes();
    if (rest < momentum.length) {
      var unused =
          Scopes.freeing(() -> memory(steps().cpu()).get(momentum, rest, momentum.length - rest));
    }
    return new ModelState(parameters, momentum);
  }

  void restore(ModelState state) {
    layout.require(state);
    put(state.parameters(), 0, View::values);
    byte[] momentum = state.momentum();
    if (momentum.length != remembered.numel() * Float.BYTES) {
      state.requireAtRest();
      rest();
      return;
    }
    for (int i = 0; i < means.size(); i++) {
      int which = i;
      put(momentum, which * layout.bytes(), view -> mean(which, view));
    }
    int rest = means.size() * layout.bytes();
    if (rest < momentum.length) {
      var unused =
          Scopes.freeing(
              () -> {
                Tensor steps = torch.empty((momentum.length - rest) / Float.BYTES);
                memory(steps).put(momentum, rest, momentum.length - rest);
                return steps().copy_(steps);
              });
    }
  }

  void rest() {
    var unused = remembered.zero_();
  }

  void change(Consumer<Network.Vectors> change) {
    if (device.is_cpu()) {
      change.accept(addresses(parameters, remembered));
      return;
    }
    var unused =
        Scopes.freeing(
            () -> {
              Tensor here = parameters.cpu();
              Tensor rememberedHere = remembered.cpu();
              change.accept(addresses(here, rememberedHere));
              parameters.copy_(here);
              remembered.copy_(rememberedHere);
              return views;
            });
  }

  private Network.Vectors addresses(Tensor parameters, Tensor remembered) {
    int trained =
        layout.blocks().stream()
            .filter(block -> block.role() != Role.STATISTIC)
            .mapToInt(Block::length)
            .sum();
    return new Network.Vectors(
        parameters.data_ptr().address(),
        layout.values(),
        remembered.data_ptr().address(),
        Math.toIntExact(remembered.numel()),
        List.of(new Network.Stretch(0, trained)));
  }

  /** All arrays into a state, in its order, from {@code at} on. */
  private void get(byte[] state, int at, Function<View, Tensor> array) {
    var unused =
        Scopes.freeing(
            () -> {
              Tensor vector = torch.empty(layout.values());
              for (View view : views.values()) {
                place(vector, view).copy_(array.apply(view).detach());
              }
              return memory(vector).get(state, at, layout.bytes());
            });
  }

  private void put(byte[] state, int at, Function<View, Tensor> array) {
    var unused =
        Scopes.freeing(
            () -> {
              Tensor vector = torch.empty(layout.values());
              memory(vector).put(state, at, layout.bytes());
              for (View view : views.values()) {
                array.apply(view).detach().copy_(place(vector, view));
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

  @Override
  public void close() {
    if (remembering != null) {
      remembering.close();
    }
  }
}
