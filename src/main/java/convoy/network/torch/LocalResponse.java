package convoy.network.torch;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Local response normalization (Krizhevsky et al., 2012, section 3.3): every value divided by (2 +
 * 1e-4 times the sum of squares of itself and its neighbours among five channels) to the power of
 * 0.75.
 *
 * <p>The window's sum is a 1x1 convolution with a band of ones, which costs less than pooling
 * across channels; the power is two inverse square roots.
 */
final class LocalResponse {
  private static final int REACH = 2;
  private static final double OFFSET = 2;
  private static final double FACTOR = 1e-4;

  private final Tensor band;

  LocalResponse(int channels, Device device) {
    float[] values = new float[channels * channels];
    for (int i = 0; i < channels; i++) {
      for (int j = Math.max(0, i - REACH); j <= Math.min(channels - 1, i + REACH); j++) {
        values[i * channels + j] = (float) FACTOR;
      }
    }
    band = Tensor.create(values, channels, channels, 1, 1).to(device, torch.ScalarType.Float);
  }

  Tensor apply(Tensor input) {
    Tensor exact = input.to(torch.ScalarType.Float);
    Tensor sum = torch.conv2d(exact.mul(exact), band).add(new Scalar(OFFSET));
    Tensor inverseRoot = sum.rsqrt();
    return exact.mul(inverseRoot).mul(inverseRoot.sqrt()).to(input.scalar_type());
  }
}
