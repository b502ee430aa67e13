package convoy.data.pictures;

import convoy.core.Checks;
import convoy.core.Otherwise;
import java.io.Serializable;

/**
 * What training does to each picture anew every epoch.
 *
 * @param smallestArea of a random resized crop, in parts of the picture
 * @param padding black pixels around the picture before a random crop, in pixels of the input
 * @param rotation largest angle in degrees, 0 to 180, by which a crop is turned about its centre,
 *     to either side; what comes from outside is black
 * @param mirror left and right, with probability one half
 * @param colorJitter changes of brightness, contrast and saturation
 * @param lighting standard deviation of the shifts along the principal components of the pixels'
 *     colours (Krizhevsky et al., 2012, section 4.1), 0.1 there; 0 shifts nothing
 * @param erasing probability that a rectangle of 2 to 33 % of the input is set to the mean (Zhong
 *     et al., 2020)
 * @param mixup parameter of the symmetric beta distribution by which an input is mixed with the
 *     next one of its minibatch (Zhang et al., 2018); 0 mixes nothing
 * @param cutmix the same for the area of the other's rectangle that is pasted in (Yun et al.,
 *     2019); with both, each is done to half of the inputs
 */
public record Augmentation(
    Crop crop,
    double smallestArea,
    int padding,
    @Otherwise("0") double rotation,
    boolean mirror,
    ColorJitter colorJitter,
    double lighting,
    double erasing,
    double mixup,
    double cutmix)
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
   * Factors between {@code 1 - x} and {@code 1 + x}, in an order that is drawn, too (Howard, 2013).
   *
   * @param brightness of all values
   * @param contrast of the distance to the picture's mean gray
   * @param saturation of the distance to the pixel's gray
   */
  public record ColorJitter(double brightness, double contrast, double saturation)
      implements Serializable {
    public static final ColorJitter NONE = new ColorJitter(0, 0, 0);

    public ColorJitter {
      new Checks()
          .within(0, 1, "brightness", brightness)
          .within(0, 1, "contrast", contrast)
          .within(0, 1, "saturation", saturation)
          .done();
    }
  }

  public Augmentation {
    new Checks()
        .within(0.01, 1, "smallest-area", smallestArea)
        .that(padding >= 0, "padding", padding, "must be at least 0")
        .within(0, 180, "rotation", rotation)
        .within(0, 1, "lighting", lighting)
        .within(0, 1, "erasing", erasing)
        .within(0, 10, "mixup", mixup)
        .within(0, 10, "cutmix", cutmix)
        .done();
  }

  /** A crop, perhaps mirrored, and nothing else. */
  public Augmentation(Crop crop, double smallestArea, int padding, boolean mirror) {
    this(crop, smallestArea, padding, 0, mirror, ColorJitter.NONE, 0, 0, 0, 0);
  }

  /** Whether inputs of a minibatch are mixed with each other. */
  public boolean mixes() {
    return mixup > 0 || cutmix > 0;
  }
}
