package convoy.data.pictures;

import convoy.core.Checks;
import java.io.Serializable;
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
    cut(picture, centered(picture), target, offset);
    normalize(target, offset);
  }

  /** Evaluation's crop. */
  Resampler.Box centered(Picture picture) {
    double scale = scale(picture);
    double h = height * scale;
    double w = width * scale;
    return new Resampler.Box((picture.height() - h) / 2, (picture.width() - w) / 2, h, w);
  }

  /** Picture pixels per input pixel: the largest crop of the input's shape times the fraction. */
  double scale(Picture picture) {
    return cropFraction
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

  /** A part of a picture in the input's size, 0 to 255, (channels, height, width). */
  void cut(Picture picture, Resampler.Box box, float[] target, int offset) {
    Resampler.resample(picture.withChannels(channels()), box, height, width, target, offset);
  }
}
