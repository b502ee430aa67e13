package convoy.data.pictures;

import convoy.core.Checks;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * From a picture to a network's input: a crop, brought to the input's size, minus the mean and
 * divided by the standard deviation of each channel.
 *
 * @param cropFraction side of the crop in parts of the picture's short side, for evaluation and for
 *     {@link Augmentation.Crop#RANDOM}; ImageNet's 224 of 256 is 0.875
 * @param mean of each channel, 0 to 255
 * @param standardDeviation of each channel
 */
public record ImageTransform(
    int height, int width, double cropFraction, List<Double> mean, List<Double> standardDeviation)
    implements Serializable {

  public ImageTransform {
    new Checks()
        .atLeast(1, "height", height)
        .atLeast(1, "width", width)
        .within(0.1, 1, "crop-fraction", cropFraction)
        .done();
  }

  public int channels() {
    return mean.size();
  }

  /** Number of values of one input. */
  public int size() {
    return channels() * height * width;
  }

  /** Writes the input that evaluation uses, (channels, height, width), from {@code offset} on. */
  public void apply(Picture picture, float[] target, int offset) {
    apply(picture, View.CENTER, target, offset);
  }

  /** The same of another part of the picture. */
  public void apply(Picture picture, View view, float[] target, int offset) {
    cut(picture, box(picture, view), target, offset);
    normalize(target, offset);
    if (view.mirrored()) {
      mirror(target, offset);
    }
  }

  /**
   * Where a crop of evaluation's size lies.
   *
   * @param vertical 0 at the top, 1 at the bottom
   * @param horizontal 0 at the left, 1 at the right
   * @param scale of its sides, in parts of evaluation's; it is never larger than the picture
   */
  public record View(double vertical, double horizontal, boolean mirrored, double scale)
      implements Serializable {
    public static final View CENTER = new View(0.5, 0.5, false, 1);
  }

  /** Which crops are looked at. */
  public enum Views {
    CENTER,
    /** And its mirror image. */
    MIRRORED,
    /**
     * Centre and corners, each mirrored, too (after Krizhevsky et al., 2012, section 4.1, who took
     * the corners of the central square).
     */
    TEN_CROPS
  }

  /**
   * What is looked at of a picture.
   *
   * @param scales that all views are taken at, one at least (Simonyan and Zisserman, 2015, section
   *     3.2)
   */
  public record Viewing(Views views, List<Double> scales) implements Serializable {
    public static final Viewing CENTER = new Viewing(Views.CENTER, List.of(1.0));

    private static final List<View> CENTER_AND_CORNERS =
        List.of(
            View.CENTER,
            new View(0, 0, false, 1),
            new View(0, 1, false, 1),
            new View(1, 0, false, 1),
            new View(1, 1, false, 1));

    /** The views, one after the other; their answers are averaged. */
    public List<View> all() {
      List<View> upright = views == Views.TEN_CROPS ? CENTER_AND_CORNERS : List.of(View.CENTER);
      List<View> all = new ArrayList<>();
      for (double scale : scales) {
        upright.forEach(view -> all.add(new View(view.vertical, view.horizontal, false, scale)));
        if (views != Views.CENTER) {
          upright.forEach(view -> all.add(new View(view.vertical, view.horizontal, true, scale)));
        }
      }
      return all;
    }
  }

  /** A crop of evaluation's size. */
  Resampler.Box box(Picture picture, View view) {
    double scale = scale(picture, Math.min(1, cropFraction * view.scale));
    double h = height * scale;
    double w = width * scale;
    return new Resampler.Box(
        (picture.height() - h) * view.vertical, (picture.width() - w) * view.horizontal, h, w);
  }

  /** Picture pixels per input pixel: the largest crop of the input's shape times the fraction. */
  double scale(Picture picture) {
    return scale(picture, cropFraction);
  }

  private double scale(Picture picture, double fraction) {
    return fraction
        * Math.min((double) picture.height() / height, (double) picture.width() / width);
  }

  /** Brings each channel's mean to 0 and its deviation to 1. */
  void normalize(float[] target, int offset) {
    for (int c = 0; c < channels(); c++) {
      float channelMean = mean.get(c).floatValue();
      float factor = (float) (1 / standardDeviation.get(c));
      int start = offset + c * height * width;
      for (int i = start; i < start + height * width; i++) {
        target[i] = (target[i] - channelMean) * factor;
      }
    }
  }

  void mirror(float[] target, int offset) {
    for (int start = offset; start < offset + size(); start += width) {
      for (int left = start, right = start + width - 1; left < right; left++, right--) {
        float kept = target[left];
        target[left] = target[right];
        target[right] = kept;
      }
    }
  }

  /** A part of a picture in the input's size, 0 to 255, (channels, height, width). */
  void cut(Picture picture, Resampler.Box box, float[] target, int offset) {
    Resampler.resample(picture.withChannels(channels()), box, height, width, target, offset);
  }
}
