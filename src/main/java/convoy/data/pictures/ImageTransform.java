package convoy.data.pictures;

import convoy.core.Checks;
import java.io.Serializable;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From a picture to a network's input: a crop, brought to the input's size, perhaps mirrored, minus
 * the mean and divided by the standard deviation of each channel.
 *
 * @param cropFraction side of the crop in parts of the picture's short side, for evaluation and for
 *     {@link Crop#RANDOM}; ImageNet's 224 of 256 is 0.875
 * @param mean of each channel, 0 to 255
 * @param standardDeviation of each channel
 */
public record ImageTransform(
    int height, int width, double cropFraction, List<Double> mean, List<Double> standardDeviation)
    implements Serializable {

  /** How training crops. */
  public enum Crop {
    /** As evaluation does. */
    CENTER,
    /** The size of evaluation's crop, anywhere in the picture. */
    RANDOM,
    /** Any area from the smallest on, aspect ratio 3/4 to 4/3 (Szegedy et al., 2015, section 6). */
    RANDOM_RESIZED
  }

  /**
   * What training does to each picture anew every epoch.
   *
   * @param smallestArea of a random resized crop, in parts of the picture
   * @param padding black pixels around the picture before a random crop, in pixels of the input
   * @param mirror left and right, with probability one half
   */
  public record Augmentation(Crop crop, double smallestArea, int padding, boolean mirror)
      implements Serializable {
    public Augmentation {
      new Checks()
          .within(0.01, 1, "smallest-area", smallestArea)
          .that(padding >= 0, "padding", padding, "must be at least 0")
          .done();
    }
  }

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
    apply(picture, centered(picture), false, target, offset);
  }

  /** The same with random changes; what is drawn depends on {@code random} alone. */
  public void augment(
      Picture picture,
      Augmentation augmentation,
      SplittableRandom random,
      float[] target,
      int offset) {
    Resampler.Box box =
        switch (augmentation.crop()) {
          case CENTER -> centered(picture);
          case RANDOM -> shifted(picture, augmentation.padding(), random);
          case RANDOM_RESIZED -> resized(picture, augmentation.smallestArea(), random);
        };
    apply(picture, box, augmentation.mirror() && random.nextBoolean(), target, offset);
  }

  private Resampler.Box centered(Picture picture) {
    double scale = scale(picture);
    double h = height * scale;
    double w = width * scale;
    return new Resampler.Box((picture.height() - h) / 2, (picture.width() - w) / 2, h, w);
  }

  /** Picture pixels per input pixel: the largest crop of the input's shape times the fraction. */
  private double scale(Picture picture) {
    return cropFraction
        * Math.min((double) picture.height() / height, (double) picture.width() / width);
  }

  private Resampler.Box shifted(Picture picture, int padding, SplittableRandom random) {
    double scale = scale(picture);
    double h = height * scale;
    double w = width * scale;
    double margin = padding * scale;
    // Whole pixels: a picture of the input's own size is then moved, never blurred.
    double top = Math.rint(random.nextDouble() * (picture.height() - h + 2 * margin) - margin);
    double left = Math.rint(random.nextDouble() * (picture.width() - w + 2 * margin) - margin);
    return new Resampler.Box(top, left, h, w);
  }

  private Resampler.Box resized(Picture picture, double smallestArea, SplittableRandom random) {
    double area = (double) picture.height() * picture.width();
    double aspect = (double) width / height;
    for (int attempt = 0; attempt < 10; attempt++) {
      double wanted = area * (smallestArea + random.nextDouble() * (1 - smallestArea));
      double ratio = aspect * Math.exp((2 * random.nextDouble() - 1) * Math.log(4.0 / 3));
      double w = Math.sqrt(wanted * ratio);
      double h = Math.sqrt(wanted / ratio);
      if (w <= picture.width() && h <= picture.height()) {
        double top = random.nextDouble() * (picture.height() - h);
        double left = random.nextDouble() * (picture.width() - w);
        return new Resampler.Box(top, left, h, w);
      }
    }
    return centered(picture);
  }

  private void apply(
      Picture picture, Resampler.Box box, boolean mirrored, float[] target, int offset) {
    Picture converted = picture.withChannels(channels());
    Resampler.resample(converted, box, height, width, target, offset);
    for (int c = 0; c < channels(); c++) {
      float channelMean = mean.get(c).floatValue();
      float factor = (float) (1 / standardDeviation.get(c));
      int start = offset + c * height * width;
      for (int i = start; i < start + height * width; i++) {
        target[i] = (target[i] - channelMean) * factor;
      }
      if (mirrored) {
        mirror(target, start);
      }
    }
  }

  private void mirror(float[] target, int start) {
    for (int row = 0; row < height; row++) {
      int left = start + row * width;
      int right = left + width - 1;
      while (left < right) {
        float kept = target[left];
        target[left++] = target[right];
        target[right--] = kept;
      }
    }
  }
}
