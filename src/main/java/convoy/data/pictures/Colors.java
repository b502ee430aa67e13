package convoy.data.pictures;

import convoy.core.Seeds;
import convoy.data.pictures.Augmentation.ColorJitter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;

/**
 * Colours of an input that is being made.
 *
 * @param values gray levels, 0 to 255, of (channels, height, width)
 * @param offset of the first one
 * @param area height times width
 */
public record Colors(float[] values, int offset, int channels, int area) {
  private static final float[] GRAY = {0.299f, 0.587f, 0.114f};
  private static final float WHITE = 255;

  /**
   * Shifts along the principal components of colours (Krizhevsky et al., 2012, section 4.1): each
   * component times its eigenvalue, of pixels from 0 to 1, in gray levels.
   *
   * @param covariance of the channels over all pixels, 0 to 255
   * @return a shift of all channels for each component
   */
  public static List<List<Double>> lighting(List<List<Double>> covariance) {
    double[][] matrix =
        covariance.stream()
            .map(row -> row.stream().mapToDouble(Double::doubleValue).toArray())
            .toArray(double[][]::new);
    EigenDecomposition components = new EigenDecomposition(MatrixUtils.createRealMatrix(matrix));
    List<List<Double>> shifts = new ArrayList<>();
    for (int k = 0; k < matrix.length; k++) {
      // Of pixels from 0 to 1, and back to gray levels.
      double strength = Math.max(0, components.getRealEigenvalue(k)) / WHITE;
      List<Double> shift = new ArrayList<>();
      for (double part : components.getEigenvector(k).toArray()) {
        shift.add(strength * part);
      }
      shifts.add(shift);
    }
    return shifts;
  }

  /** Adds a drawn part of each shift. */
  void shift(List<List<Double>> shifts, double deviation, SplittableRandom random) {
    double[] sum = new double[channels];
    for (List<Double> shift : shifts) {
      double drawn = deviation * random.nextGaussian();
      for (int c = 0; c < channels; c++) {
        sum[c] += drawn * shift.get(c);
      }
    }
    for (int c = 0; c < channels; c++) {
      int start = offset + c * area;
      for (int i = start; i < start + area; i++) {
        values[i] += (float) sum[c];
      }
    }
  }

  /** Changes of brightness, contrast and saturation, in an order that is drawn. */
  void jitter(ColorJitter strength, SplittableRandom random) {
    int[] order = {0, 1, 2};
    Seeds.shuffle(order, random);
    for (int change : order) {
      switch (change) {
        case 0 -> towards(new float[1], factor(strength.brightness(), random));
        case 1 -> towards(new float[] {meanGray()}, factor(strength.contrast(), random));
        default -> {
          float factor = factor(strength.saturation(), random);
          if (channels > 1) {
            towards(grays(), factor);
          }
        }
      }
    }
  }

  private static float factor(double strength, SplittableRandom random) {
    return (float) (1 + strength * (2 * random.nextDouble() - 1));
  }

  /**
   * Makes the distance from some values larger or smaller.
   *
   * @param from one for all pixels, or one for each
   */
  private void towards(float[] from, float factor) {
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < area; i++) {
        float base = from[from.length == 1 ? 0 : i];
        int at = offset + c * area + i;
        values[at] = Math.max(0, Math.min(WHITE, base + factor * (values[at] - base)));
      }
    }
  }

  private float meanGray() {
    double sum = 0;
    for (float gray : grays()) {
      sum += gray;
    }
    return (float) (sum / area);
  }

  private float[] grays() {
    float[] grays = new float[area];
    for (int c = 0; c < channels; c++) {
      float part = channels == 1 ? 1 : GRAY[c];
      for (int i = 0; i < area; i++) {
        grays[i] += part * values[offset + c * area + i];
      }
    }
    return grays;
  }
}
