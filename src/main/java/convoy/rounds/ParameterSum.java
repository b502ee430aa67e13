package convoy.rounds;

import convoy.core.UserException;
import convoy.network.ModelState;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

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
      int from = start(parameters.length, slice, slices);
      int to = start(parameters.length, slice + 1, slices);
      parts.add(
          new Part(
              worker,
              steps.examples(),
              steps.lossSum(),
              Arrays.copyOfRange(parameters, from, to),
              withMomentum ? Arrays.copyOfRange(momentum, from, to) : new byte[0]));
    }
    return parts;
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
  static ModelState assemble(List<Mean> unordered, int length) {
    byte[] parameters = new byte[length];
    byte[] momentum = new byte[length];
    for (Mean mean : unordered) {
      int from = start(length, mean.slice(), unordered.size());
      System.arraycopy(mean.parameters(), 0, parameters, from, mean.parameters().length);
      System.arraycopy(mean.momentum(), 0, momentum, from, mean.momentum().length);
    }
    requireFinite(parameters);
    return new ModelState(parameters, momentum);
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
