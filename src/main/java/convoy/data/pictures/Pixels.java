package convoy.data.pictures;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** From Java's images, of any depth and colour model, to 8-bit samples. */
final class Pixels {
  private Pixels() {}

  static Picture of(BufferedImage image) {
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    boolean direct =
        !(image.getColorModel() instanceof IndexColorModel)
            && raster.getDataBuffer().getDataType() != DataBuffer.TYPE_FLOAT
            && raster.getSampleModel().getSampleSize(0) >= 8;
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR
        && raster.getDataBuffer() instanceof DataBufferByte bytes
        && bytes.getData().length == 3 * image.getWidth() * image.getHeight()) {
      return ofBgr(image, bytes.getData());
    }
    boolean gray = bands == 1 || bands == 2;
    if (direct && gray) {
      // Not through getRGB: Java takes gray as linear light and would brighten it.
      return ofBands(raster, 1, image.getColorModel().hasAlpha());
    }
    if (direct && raster.getSampleModel().getSampleSize(0) == 16) {
      return ofBands(raster, 3, image.getColorModel().hasAlpha());
    }
    return ofRgb(image);
  }

  /** What most JPEGs come as; pixel by pixel it would take as long as decoding them. */
  private static Picture ofBgr(BufferedImage image, byte[] bgr) {
    byte[] samples = new byte[bgr.length];
    for (int i = 0; i < bgr.length; i += 3) {
      samples[i] = bgr[i + 2];
      samples[i + 1] = bgr[i + 1];
      samples[i + 2] = bgr[i];
    }
    return new Picture(image.getHeight(), image.getWidth(), 3, samples);
  }

  private static Picture ofBands(Raster raster, int channels, boolean alpha) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    int shift = raster.getSampleModel().getSampleSize(0) - 8;
    byte[] samples = new byte[height * width * channels];
    int[] pixel = new int[raster.getNumBands()];
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        raster.getPixel(x, y, pixel);
        int opacity = alpha ? pixel[pixel.length - 1] >> shift : 255;
        for (int c = 0; c < channels; c++) {
          samples[at++] = onWhite(pixel[c] >> shift, opacity);
        }
      }
    }
    return new Picture(height, width, channels, samples);
  }

  private static Picture ofRgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] samples = new byte[height * width * 3];
    int[] row = new int[width];
    int at = 0;
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int argb : row) {
        int opacity = argb >>> 24;
        samples[at++] = onWhite(argb >> 16 & 0xFF, opacity);
        samples[at++] = onWhite(argb >> 8 & 0xFF, opacity);
        samples[at++] = onWhite(argb & 0xFF, opacity);
      }
    }
    return new Picture(height, width, 3, samples);
  }

  private static byte onWhite(int value, int opacity) {
    return (byte) ((value * opacity + 255 * (255 - opacity) + 127) / 255);
  }
}
