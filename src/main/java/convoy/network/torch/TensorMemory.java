package convoy.network.torch;

import convoy.network.NativeVector;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A vector that libtorch computes with. */
final class TensorMemory implements NativeVector {
  private final Tensor tensor;
  private final int values;
  private final PointerScope owned;

  /** Found as a service. */
  public static final class Library implements NativeVector.Library {
    @Override
    public NativeVector zeros(int values) {
      Libtorch.start();
      return new TensorMemory(values, () -> torch.zeros(values));
    }

    @Override
    public NativeVector at(long address, int values) {
      Libtorch.start();
      return new TensorMemory(values, () -> TensorMemory.tensor(address, values));
    }
  }

  private TensorMemory(int values, Supplier<Tensor> made) {
    this.values = values;
    owned = new PointerScope();
    try (PointerScope building = owned) {
      tensor = made.get();
      // Closed now, it would let go of the tensor.
      building.extend();
    }
  }

  /** What lies at an address. */
  static Tensor tensor(long address, int values) {
    return torch.from_blob(new Place(address), new long[] {values});
  }

  /** A place in memory that somebody else owns. */
  private static final class Place extends Pointer {
    private Place(long place) {
      address = place;
    }
  }

  @Override
  public long address() {
    return Scopes.freeing(() -> tensor.data_ptr().address());
  }

  @Override
  public int values() {
    return values;
  }

  @Override
  public NativeVector part(int from, int length) {
    return new TensorMemory(length, () -> tensor.narrow(0, from, length));
  }

  @Override
  public void copy(NativeVector other) {
    change(() -> tensor.copy_(of(other)));
  }

  @Override
  public void scale(double factor) {
    change(() -> tensor.mul_(new Scalar(factor)));
  }

  @Override
  public void add(double factor, NativeVector other) {
    change(() -> tensor.add_(of(other), new Scalar(factor)));
  }

  @Override
  public void swap(NativeVector other) {
    change(
        () -> {
          Tensor kept = tensor.clone();
          tensor.copy_(of(other));
          return of(other).copy_(kept);
        });
  }

  private static Tensor of(NativeVector other) {
    return ((TensorMemory) other).tensor;
  }

  private static void change(Supplier<Tensor> change) {
    var unused = Scopes.freeing(() -> Scopes.withoutGradient(change));
  }

  @Override
  public byte[] bytes() {
    byte[] bytes = new byte[Math.multiplyExact(values, Float.BYTES)];
    return Scopes.freeing(
        () -> {
          new BytePointer(tensor.data_ptr()).get(bytes);
          return bytes;
        });
  }

  @Override
  public void put(byte[] bytes) {
    if (bytes.length != (long) values * Float.BYTES) {
      throw new IllegalArgumentException(
          "%d bytes do not fill %d values".formatted(bytes.length, values));
    }
    var unused = Scopes.freeing(() -> new BytePointer(tensor.data_ptr()).put(bytes));
  }

  @Override
  public void close() {
    owned.close();
  }
}
