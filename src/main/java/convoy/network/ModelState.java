package convoy.network;

import convoy.core.Digests;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.util.OptionalInt;

/**
 * All that training changes in a network: its parameters and what the optimizer remembers, each as
 * little-endian 32-bit floats in one byte array, since Java serializes those in bulk and float
 * arrays one by one. Not changed after it is made; running means and variances of batch
 * normalization are among the parameters, with a momentum of zero.
 */
public final class ModelState implements Serializable {
  private final byte[] parameters;
  private final byte[] momentum;

  /**
   * @param momentum what {@link Optimizer} remembers, at least as long as {@code parameters}: each
   *     of its means in the order of the parameters, then other numbers; both are kept, not copied
   */
  public ModelState(byte[] parameters, byte[] momentum) {
    if (parameters.length > momentum.length) {
      throw new IllegalArgumentException(
          "%d bytes of parameters, %d of momentum".formatted(parameters.length, momentum.length));
    }
    this.parameters = parameters;
    this.momentum = momentum;
  }

  /** With no momentum yet. */
  public static ModelState atRest(byte[] parameters) {
    return new ModelState(parameters, new byte[parameters.length]);
  }

  /** Refuses what another optimizer remembers. */
  public void requireAtRest() {
    for (byte part : momentum) {
      if (part != 0) {
        throw new IllegalArgumentException(
            "A state of another optimizer, which remembers %d bytes".formatted(momentum.length));
      }
    }
  }

  public byte[] parameters() {
    return parameters;
  }

  public byte[] momentum() {
    return momentum;
  }

  /** The floats in some of a state's bytes, from the first one on. */
  public static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /** The first of some floats that is infinite or NaN. */
  public static OptionalInt firstNotFinite(byte[] bytes) {
    FloatBuffer floats = floats(bytes);
    for (int i = 0; i < floats.limit(); i++) {
      if (!Float.isFinite(floats.get(i))) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }

  /** SHA-256 over parameters and momentum. */
  public String digest() {
    MessageDigest digest = Digests.sha256();
    digest.update(parameters);
    digest.update(momentum);
    return Digests.hex(digest.digest());
  }
}
