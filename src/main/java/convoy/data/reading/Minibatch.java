package convoy.data.reading;

import java.util.Arrays;

/**
 * Inputs and labels of one step.
 *
 * <p>{@code inputs} has the layout (examples, channels, height, width); {@code labels} are class
 * numbers, one an example.
 */
public final class Minibatch {
  private final float[] inputs;
  private final int[] labels;
  private final Mix mix;

  /**
   * Of what inputs are mixed.
   *
   * @param others class numbers of what was mixed in, one an example
   * @param shares of the example's own class, 0 to 1; the rest is the other's
   */
  public record Mix(int[] others, float[] shares) {}

  public Minibatch(float[] inputs, int[] labels) {
    this(inputs, labels, null);
  }

  /** Of inputs that were mixed. */
  public Minibatch(float[] inputs, int[] labels, Mix mix) {
    this.inputs = inputs;
    this.labels = labels;
    this.mix = mix;
  }

  public float[] inputs() {
    return inputs;
  }

  public int[] labels() {
    return labels;
  }

  public int examples() {
    return labels.length;
  }

  /** Whether an example may be of two classes. */
  public boolean isMixed() {
    return mix != null;
  }

  /**
   * How much of an example is of each class, (examples, classes).
   *
   * @param smoothing part that is spread over all classes alike (Szegedy et al., 2016, section 7)
   */
  public float[] targets(int classes, double smoothing) {
    float[] targets = new float[labels.length * classes];
    Arrays.fill(targets, (float) (smoothing / classes));
    float sharp = (float) (1 - smoothing);
    for (int i = 0; i < labels.length; i++) {
      float share = isMixed() ? mix.shares[i] : 1;
      targets[i * classes + labels[i]] += sharp * share;
      if (isMixed()) {
        targets[i * classes + mix.others[i]] += sharp * (1 - share);
      }
    }
    return targets;
  }
}
