package convoy.data.pictures;

import java.awt.image.BufferedImage;

/**
 * A decoded picture: one byte a sample, 0 to 255, sRGB or gray, in the order (height, width,
 * channels).
 */
public final class Picture {
  private final int height;
  private final int width;
  private final int channels;
  private final byte[] samples;

  /**
   * @param samples {@code height * width * channels} of them; kept, not copied
   */
  public Picture(int height, int width, int channels, byte[] samples) {
    if (samples.length != height * width * channels) {
      throw new IllegalArgumentException(
          "%d samples for %d x %d x %d".formatted(samples.length, height, width, channels));
    }
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.samples = samples;
  }

  public int height() {
    return height;
  }

  public int width() {
    return width;
  }

  public int channels() {
    return channels;
  }

  /** Of its samples. */
  public int bytes() {
    return samples.length;
  }

  byte[] samples() {
    return samples;
  }

  public int sample(int row, int column, int channel) {
    return samples[(row * width + column) * channels + channel] & 0xFF;
  }

  /** Gray from colour by the luma of ITU-R BT.601, colour from gray by repetition. */
  public Picture withChannels(int wanted) {
    if (wanted == channels) {
      return this;
    }
    byte[] converted = new byte[height * width * wanted];
    for (int i = 0; i < height * width; i++) {
      if (wanted == 1) {
        int red = samples[3 * i] & 0xFF;
        int green = samples[3 * i + 1] & 0xFF;
        int blue = samples[3 * i + 2] & 0xFF;
        converted[i] = (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000);
      } else {
        converted[3 * i] = samples[i];
        converted[3 * i + 1] = samples[i];
        converted[3 * i + 2] = samples[i];
      }
    }
    return new Picture(height, width, wanted, converted);
  }

  /** For drawing and encoding. */
  public BufferedImage toImage() {
    BufferedImage image =
        new BufferedImage(
            width,
            height,
            channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        if (channels == 1) {
          // Through the raster: setRGB would convert between the gray and the sRGB transfer curves.
          image.getRaster().setSample(column, row, 0, sample(row, column, 0));
        } else {
          int rgb =
              sample(row, column, 0) << 16 | sample(row, column, 1) << 8 | sample(row, column, 2);
          image.setRGB(column, row, rgb);
        }
      }
    }
    return image;
  }
}
