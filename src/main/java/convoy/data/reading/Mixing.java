package convoy.data.reading;

import convoy.core.Seeds;
import convoy.data.pictures.Augmentation;
import convoy.data.pictures.ImageTransform;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.distribution.BetaDistribution;

/**
 * Mixes every input of a minibatch with the next one, the last with the first: mixup (Zhang et al.,
 * 2018) or CutMix (Yun et al., 2019), each input by a share of its own.
 */
final class Mixing {
  private static final long MIXING = 1;
  private final Augmentation augmentation;
  private final ImageTransform transform;
  private final long seed;

  /**
   * @param seed as that of the augmentation
   */
  Mixing(Augmentation augmentation, ImageTransform transform, long seed) {
    this.augmentation = augmentation;
    this.transform = transform;
    this.seed = seed;
  }

  /**
   * Mixes in place.
   *
   * @param examples the numbers of the minibatch's
   */
  Minibatch mix(float[] inputs, int[] labels, int[] examples) {
    int size = transform.size();
    float[] first = Arrays.copyOf(inputs, size);
    int[] others = new int[labels.length];
    float[] shares = new float[labels.length];
    for (int i = 0; i < labels.length; i++) {
      boolean last = i + 1 == labels.length;
      others[i] = labels[last ? 0 : i + 1];
      SplittableRandom random = Seeds.random(seed, MIXING, examples[i]);
      float[] from = last ? first : inputs;
      int at = last ? 0 : (i + 1) * size;
      shares[i] =
          cuts(random)
              ? paste(from, at, inputs, i * size, random)
              : blend(from, at, inputs, i * size, random);
    }
    return new Minibatch(inputs, labels, new Minibatch.Mix(others, shares));
  }

  private boolean cuts(SplittableRandom random) {
    if (augmentation.mixup() > 0 && augmentation.cutmix() > 0) {
      return random.nextBoolean();
    }
    return augmentation.cutmix() > 0;
  }

  private static double share(double parameter, SplittableRandom random) {
    return new BetaDistribution(null, parameter, parameter)
        .inverseCumulativeProbability(random.nextDouble());
  }

  private float blend(float[] from, int at, float[] to, int start, SplittableRandom random) {
    float share = (float) share(augmentation.mixup(), random);
    for (int k = 0; k < transform.size(); k++) {
      to[start + k] = share * to[start + k] + (1 - share) * from[at + k];
    }
    return share;
  }

  /** The rectangle may reach over the edge; what counts is what is left of it. */
  private float paste(float[] from, int at, float[] to, int start, SplittableRandom random) {
    int height = transform.height();
    int width = transform.width();
    double side = Math.sqrt(1 - share(augmentation.cutmix(), random));
    int h = (int) Math.round(side * height);
    int w = (int) Math.round(side * width);
    int y = random.nextInt(height) - h / 2;
    int x = random.nextInt(width) - w / 2;
    int top = Math.max(0, y);
    int left = Math.max(0, x);
    int bottom = Math.min(height, y + h);
    int right = Math.min(width, x + w);
    for (int c = 0; c < transform.channels(); c++) {
      for (int row = top; row < bottom; row++) {
        int place = (c * height + row) * width + left;
        System.arraycopy(from, at + place, to, start + place, right - left);
      }
    }
    return 1 - (float) ((bottom - top) * (right - left)) / (height * width);
  }
}
