package convoy.network.torch;

import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;

/**
 * What dropout keeps (Srivastava et al., 2014), scaled so that nothing is left to do afterwards.
 */
final class Masks {

  private Masks() {}

  /**
   * A mask for a tensor. Drawn in Java: libtorch's generator is one for the whole process, and the
   * same values are dropped on every device.
   *
   * @param probability that a value is dropped
   */
  static Tensor draw(Tensor values, double probability, SplittableRandom random) {
    float kept = (float) (1 / (1 - probability));
    // 32 bits each, two a draw.
    long threshold = (long) (probability * (1L << 32));
    float[] mask = new float[Math.toIntExact(values.numel())];
    for (int i = 0; i < mask.length; i += 2) {
      long bits = random.nextLong();
      mask[i] = (bits & 0xFFFFFFFFL) < threshold ? 0 : kept;
      if (i + 1 < mask.length) {
        mask[i + 1] = (bits >>> 32) < threshold ? 0 : kept;
      }
    }
    return Tensor.create(mask, values.sizes().vec().get()).to(values);
  }
}
