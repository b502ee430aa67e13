package convoy.data.pictures;

import java.util.Arrays;

/**
 * A box of a picture at another size, by separable triangle filters that widen when shrinking, so
 * that every sample of the box counts and nothing aliases. Outside the picture is black.
 */
public final class Resampler {

  /**
   * A box in the picture's own pixels; it may stick out.
   *
   * @param top of the box, likewise {@code left}, may be negative
   */
  record Box(double top, double left, double height, double width) {

    /** Whether the output's samples are the picture's own. */
    boolean isOfPixels(int outputHeight, int outputWidth) {
      return height == outputHeight
          && width == outputWidth
          && top == Math.rint(top)
          && left == Math.rint(left);
    }
  }

  /** What each output position takes: {@code weights[i]} of the inputs from {@code first[i]} on. */
  private record Taps(int[] first, float[][] weights) {

    static Taps of(double start, double length, int inputs, int outputs) {
      int[] first = new int[outputs];
      float[][] weights = new float[outputs][];
      double scale = length / outputs;
      double support = Math.max(1, scale);
      for (int i = 0; i < outputs; i++) {
        double center = start + (i + 0.5) * scale;
        boolean outside = center < 0 || center > inputs;
        int from = Math.max(0, (int) Math.floor(center - support + 0.5));
        int to = Math.min(inputs, (int) Math.floor(center + support + 0.5));
        // At an edge only what is inside counts, or pictures would darken towards their borders.
        first[i] = outside ? 0 : from;
        weights[i] = new float[outside ? 0 : to - from];
        double sum = 0;
        for (int k = from; k < to; k++) {
          sum += triangle((k + 0.5 - center) / support);
        }
        for (int k = 0; k < weights[i].length; k++) {
          weights[i][k] = (float) (triangle((from + k + 0.5 - center) / support) / sum);
        }
      }
      return new Taps(first, weights);
    }

    private static double triangle(double x) {
      return Math.max(0, 1 - Math.abs(x));
    }
  }

  private Resampler() {}

  /**
   * Values 0 to 255 in the order (channels, height, width), from {@code offset} of {@code target}
   * on.
   */
  static void resample(
      Picture picture, Box box, int height, int width, float[] target, int offset) {
    if (box.isOfPixels(height, width)) {
      copy(picture, (int) box.top, (int) box.left, height, width, target, offset);
      return;
    }
    Taps across = Taps.of(box.left(), box.width(), picture.width(), width);
    Taps down = Taps.of(box.top(), box.height(), picture.height(), height);
    int channels = picture.channels();
    int firstRow = Integer.MAX_VALUE;
    int endRow = 0;
    for (int y = 0; y < height; y++) {
      if (down.weights[y].length > 0) {
        firstRow = Math.min(firstRow, down.first[y]);
        endRow = Math.max(endRow, down.first[y] + down.weights[y].length);
      }
    }
    int rows = Math.max(0, endRow - firstRow);
    float[] plane = new float[rows * width];
    for (int c = 0; c < channels; c++) {
      shrinkRows(picture, c, across, firstRow, rows, width, plane);
      shrinkColumns(plane, down, firstRow, height, width, target, offset + c * height * width);
    }
  }

  /** What the filters come to where nothing is scaled, in a small part of the time. */
  private static void copy(
      Picture picture, int top, int left, int height, int width, float[] target, int offset) {
    byte[] samples = picture.samples();
    int channels = picture.channels();
    int from = Math.max(0, -left);
    int to = Math.min(width, picture.width() - left);
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        int out = offset + (c * height + y) * width;
        Arrays.fill(target, out, out + width, 0);
        if (top + y < 0 || top + y >= picture.height()) {
          continue;
        }
        int at = ((top + y) * picture.width() + left + from) * channels + c;
        for (int x = from; x < to; x++) {
          target[out + x] = samples[at] & 0xFF;
          at += channels;
        }
      }
    }
  }

  public static Picture resize(Picture picture, int height, int width) {
    int channels = picture.channels();
    float[] values = new float[channels * height * width];
    resample(picture, new Box(0, 0, picture.height(), picture.width()), height, width, values, 0);
    byte[] samples = new byte[values.length];
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < height * width; i++) {
        samples[i * channels + c] =
            (byte) Math.max(0, Math.min(255, Math.round(values[c * height * width + i])));
      }
    }
    return new Picture(height, width, channels, samples);
  }

  private static void shrinkRows(
      Picture picture, int channel, Taps across, int firstRow, int rows, int width, float[] plane) {
    byte[] samples = picture.samples();
    int channels = picture.channels();
    for (int row = 0; row < rows; row++) {
      int line = (firstRow + row) * picture.width();
      for (int x = 0; x < width; x++) {
        float[] weights = across.weights[x];
        int at = (line + across.first[x]) * channels + channel;
        float sum = 0;
        for (float weight : weights) {
          sum += weight * (samples[at] & 0xFF);
          at += channels;
        }
        plane[row * width + x] = sum;
      }
    }
  }

  private static void shrinkColumns(
      float[] plane, Taps down, int firstRow, int height, int width, float[] target, int offset) {
    for (int y = 0; y < height; y++) {
      int out = offset + y * width;
      Arrays.fill(target, out, out + width, 0);
      float[] weights = down.weights[y];
      for (int k = 0; k < weights.length; k++) {
        int line = (down.first[y] - firstRow + k) * width;
        float weight = weights[k];
        for (int x = 0; x < width; x++) {
          target[out + x] += weight * plane[line + x];
        }
      }
    }
  }
}
