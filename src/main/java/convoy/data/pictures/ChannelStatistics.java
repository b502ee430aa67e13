package convoy.data.pictures;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Mean and standard deviation of each channel over many pictures; exact sums of whole numbers. */
public final class ChannelStatistics implements Serializable {
  private final long[] sums;
  private final long[] squares;
  private long pixels;

  public ChannelStatistics(int channels) {
    sums = new long[channels];
    squares = new long[channels];
  }

  /** As a document has it. */
  public record Sums(List<Long> sums, List<Long> squares, long pixels) implements Serializable {}

  public Sums toSums() {
    return new Sums(
        Arrays.stream(sums).boxed().toList(), Arrays.stream(squares).boxed().toList(), pixels);
  }

  public void add(Sums other) {
    for (int c = 0; c < sums.length; c++) {
      sums[c] += other.sums().get(c);
      squares[c] += other.squares().get(c);
    }
    pixels += other.pixels();
  }

  public void add(Picture picture) {
    byte[] samples = picture.samples();
    int channels = sums.length;
    for (int i = 0; i < samples.length; i++) {
      long value = samples[i] & 0xFF;
      sums[i % channels] += value;
      squares[i % channels] += value * value;
    }
    pixels += samples.length / channels;
  }

  public void add(ChannelStatistics other) {
    for (int c = 0; c < sums.length; c++) {
      sums[c] += other.sums[c];
      squares[c] += other.squares[c];
    }
    pixels += other.pixels;
  }

  public List<Double> means() {
    List<Double> means = new ArrayList<>();
    for (long sum : sums) {
      means.add((double) sum / pixels);
    }
    return means;
  }

  /** At least one grey level: a channel that never changes must not be divided by zero. */
  public List<Double> standardDeviations() {
    List<Double> deviations = new ArrayList<>();
    for (int c = 0; c < sums.length; c++) {
      double mean = (double) sums[c] / pixels;
      deviations.add(
          Math.max(1, Math.sqrt(Math.max(0, (double) squares[c] / pixels - mean * mean))));
    }
    return deviations;
  }
}
