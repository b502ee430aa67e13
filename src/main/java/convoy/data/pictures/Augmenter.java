package convoy.data.pictures;

import convoy.data.pictures.Augmentation.ColorJitter;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From a picture to an input of training. What is drawn depends on the generator alone, and an
 * augmentation that is off draws nothing.
 *
 * @param transform of evaluation, whose size, mean and deviation inputs have
 * @param lighting shifts of the channels along the principal components of the pixels' colours, one
 *     after the other, in gray levels at a strength of one; see {@link Colors#lighting}
 */
public record Augmenter(
    ImageTransform transform, Augmentation augmentation, List<List<Double>> lighting)
    implements Serializable {
  private static final double SMALLEST_ERASED = 0.02;
  private static final double LARGEST_ERASED = 0.33;
  private static final double MOST_ERASED_ASPECT = 3.3;
  private static final int ATTEMPTS = 10;

  /** Writes the input, (channels, height, width), from {@code offset} on. */
  public void apply(Picture picture, SplittableRandom random, float[] target, int offset) {
    transform.cut(picture, box(picture, random), target, offset);
    if (augmentation.rotation() > 0) {
      turn(random, target, offset);
    }
    boolean mirrored = augmentation.mirror() && random.nextBoolean();
    Colors colors = new Colors(target, offset, transform.channels(), area());
    if (!augmentation.colorJitter().equals(ColorJitter.NONE)) {
      colors.jitter(augmentation.colorJitter(), random);
    }
    if (augmentation.lighting() > 0) {
      colors.shift(lighting, augmentation.lighting(), random);
    }
    transform.normalize(target, offset);
    if (mirrored) {
      transform.mirror(target, offset);
    }
    if (augmentation.erasing() > 0 && random.nextDouble() < augmentation.erasing()) {
      erase(random, target, offset);
    }
  }

  private int area() {
    return transform.height() * transform.width();
  }

  private Resampler.Box box(Picture picture, SplittableRandom random) {
    return switch (augmentation.crop()) {
      case CENTER -> transform.box(picture, ImageTransform.View.CENTER);
      case RANDOM -> shifted(picture, random);
      case RANDOM_RESIZED -> resized(picture, random);
    };
  }

  private Resampler.Box shifted(Picture picture, SplittableRandom random) {
    double scale = transform.scale(picture);
    double h = transform.height() * scale;
    double w = transform.width() * scale;
    double margin = augmentation.padding() * scale;
    return new Resampler.Box(
        offset(scale, picture.height() - h, margin, random),
        offset(scale, picture.width() - w, margin, random),
        h,
        w);
  }

  /**
   * Whole pixels, each as probable as the others: a picture of the input's own size is then moved,
   * never blurred. Of a picture that is enlarged anything between them: it has few pixels.
   */
  private static double offset(double scale, double free, double margin, SplittableRandom random) {
    if (scale < 1) {
      return -margin + random.nextDouble() * (free + 2 * margin);
    }
    double rounding = 1e-9;
    int first = (int) Math.ceil(-margin - rounding);
    int last = Math.max(first, (int) Math.floor(free + margin + rounding));
    return random.nextInt(first, last + 1);
  }

  private Resampler.Box resized(Picture picture, SplittableRandom random) {
    double area = (double) picture.height() * picture.width();
    double aspect = (double) transform.width() / transform.height();
    double smallest = augmentation.smallestArea();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      double wanted = area * (smallest + random.nextDouble() * (1 - smallest));
      double ratio = aspect * Math.exp((2 * random.nextDouble() - 1) * Math.log(4.0 / 3));
      double w = Math.sqrt(wanted * ratio);
      double h = Math.sqrt(wanted / ratio);
      if (w <= picture.width() && h <= picture.height()) {
        double top = random.nextDouble() * (picture.height() - h);
        double left = random.nextDouble() * (picture.width() - w);
        return new Resampler.Box(top, left, h, w);
      }
    }
    return transform.box(picture, ImageTransform.View.CENTER);
  }

  private void turn(SplittableRandom random, float[] target, int offset) {
    Rotation.turn(
        target,
        offset,
        transform.channels(),
        transform.height(),
        transform.width(),
        augmentation.rotation() * (2 * random.nextDouble() - 1));
  }

  /** A rectangle that would reach over the edge is drawn again. */
  private void erase(SplittableRandom random, float[] target, int offset) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      double wanted = area() * random.nextDouble(SMALLEST_ERASED, LARGEST_ERASED);
      double aspect = Math.exp((2 * random.nextDouble() - 1) * Math.log(MOST_ERASED_ASPECT));
      int h = (int) Math.round(Math.sqrt(wanted * aspect));
      int w = (int) Math.round(Math.sqrt(wanted / aspect));
      if (h >= 1 && w >= 1 && h < transform.height() && w < transform.width()) {
        int top = random.nextInt(transform.height() - h + 1);
        int left = random.nextInt(transform.width() - w + 1);
        for (int c = 0; c < transform.channels(); c++) {
          for (int row = top; row < top + h; row++) {
            int start = offset + c * area() + row * transform.width() + left;
            Arrays.fill(target, start, start + w, 0);
          }
        }
        return;
      }
    }
  }
}
