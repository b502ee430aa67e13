package convoy.data.reading;

/**
 * Inputs and labels of one step.
 *
 * <p>{@code inputs} has the layout (examples, channels, height, width); {@code labels} are class
 * numbers, one an example.
 */
public final class Minibatch {
  private final float[] inputs;
  private final int[] labels;

  public Minibatch(float[] inputs, int[] labels) {
    this.inputs = inputs;
    this.labels = labels;
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
}
