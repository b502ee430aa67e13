package convoy.rounds;

import convoy.core.UserException;
import convoy.network.ModelState;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Workers' states, cut into slices that are averaged apart from each other. The mean is weighted by
 * examples and summed in double precision in the order of the workers, so it does not depend on
 * which arrived first, and the mean of one worker is that worker's state to the bit.
 */
final class ParameterSum {

  /**
   * One worker's values in one slice; little-endian floats.
   *
   * @param momentum empty where momentum is not averaged
   */
  record Part(int worker, int examples, double lossSum, byte[] parameters, byte[] momentum)
      implements Serializable {}

  /** A finished slice. */
  record Mean(int slice, int examples, double lossSum, byte[] parameters, byte[] momentum)
      implements Serializable {}

  private ParameterSum() {}

  static List<Part> cut(
      int worker, LocalSgd.Steps steps, ModelState state, int slices, boolean withMomentum) {
    List<Part> parts = new ArrayList<>();
    byte[] parameters = state.parameters();
    byte[] momentum = state.momentum();
    for (int slice = 0; slice < slices; slice++) {
      parts.add(
          new Part(
              worker,
              steps.examples(),
              steps.lossSum(),
              slice(parameters, slice, slices),
              withMomentum ? slice(momentum, slice, slices) : new byte[0]));
    }
    return parts;
  }

  private static byte[] slice(byte[] values, int slice, int slices) {
    return Arrays.copyOfRange(
        values, start(values.length, slice, slices), start(values.length, slice + 1, slices));
  }

  static Mean mean(int slice, Iterable<Part> unordered) {
    List<Part> parts = new ArrayList<>();
    unordered.forEach(parts::add);
    parts.sort(Comparator.comparing(Part::worker));
    return new Mean(
        slice,
        parts.stream().mapToInt(Part::examples).sum(),
        parts.stream().mapToDouble(Part::lossSum).sum(),
        mean(parts, parts.stream().map(Part::parameters).toList()),
        mean(parts, parts.stream().map(Part::momentum).toList()));
  }

  private static byte[] mean(List<Part> parts, List<byte[]> values) {
    int length = values.get(0).length / Float.BYTES;
    double[] sum = new double[length];
    double weight = 0;
    for (int p = 0; p < parts.size(); p++) {
      int examples = parts.get(p).examples();
      FloatBuffer floats = ModelState.floats(values.get(p));
      for (int i = 0; i < length; i++) {
        sum[i] += (double) examples * floats.get(i);
      }
      weight += examples;
    }
    byte[] mean = new byte[length * Float.BYTES];
    FloatBuffer out = ModelState.floats(mean);
    for (int i = 0; i < length; i++) {
      out.put(i, (float) (sum[i] / weight));
    }
    return mean;
  }

  /**
   * The new state.
   *
   * @param unordered one mean a slice
   * @throws UserException if a value is not finite
   */
  static ModelState assemble(List<Mean> unordered) {
    byte[] parameters = joined(unordered, Mean::parameters);
    byte[] momentum = joined(unordered, Mean::momentum);
    requireFinite(parameters);
    return momentum.length == 0
        ? ModelState.atRest(parameters)
        : new ModelState(parameters, momentum);
  }

  private static byte[] joined(List<Mean> unordered, Function<Mean, byte[]> values) {
    byte[] joined = new byte[unordered.stream().mapToInt(mean -> values.apply(mean).length).sum()];
    for (Mean mean : unordered) {
      byte[] slice = values.apply(mean);
      int from = start(joined.length, mean.slice(), unordered.size());
      System.arraycopy(slice, 0, joined, from, slice.length);
    }
    return joined;
  }

  private static void requireFinite(byte[] values) {
    ModelState.firstNotFinite(values)
        .ifPresent(
            i -> {
              throw new UserException(
                  "Cannot go on training: parameter %d became %s. Lower the learning rate."
                      .formatted(i, ModelState.floats(values).get(i)));
            });
  }

  /** First byte of a slice, at a whole float. */
  private static int start(int length, int slice, int slices) {
    return (int) ((long) (length / Float.BYTES) * slice / slices) * Float.BYTES;
  }
}
