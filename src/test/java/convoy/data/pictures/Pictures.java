package convoy.data.pictures;

import java.util.SplittableRandom;

/** Pictures for tests. */
public final class Pictures {
  private Pictures() {}

  public static Picture noise(int height, int width, int channels, long seed) {
    byte[] samples = new byte[height * width * channels];
    new SplittableRandom(seed).nextBytes(samples);
    return new Picture(height, width, channels, samples);
  }
}
