package convoy.data.pictures;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Means and covariances of channels over many pictures; exact sums of whole numbers. */
public final class ChannelStatistics implements Serializable {
  private final int channels;
  private final long[] sums;

  /** Of channel a times channel b at {@code a * channels + b}, only where b is at least a. */
  private final long[] products;

  private long pixels;

  public ChannelStatistics(int channels) {
    this.channels = channels;
    sums = new long[channels];
    products = new long[channels * channels];
  }

  /** As a document has it. */
  public record Sums(List<Long> sums, List<Long> products, long pixels) implements Serializable {}

  public Sums toSums() {
    return new Sums(
        Arrays.stream(sums).boxed().toList(), Arrays.stream(products).boxed().toList(), pixels);
  }

  public void add(Sums other) {
    Arrays.setAll(sums, c -> sums[c] + other.sums().get(c));
    Arrays.setAll(products, c -> products[c] + other.products().get(c));
    pixels += other.pixels();
  }

  public void add(Picture picture) {
    byte[] samples = picture.samples();
    for (int i = 0; i < samples.length; i += channels) {
      for (int a = 0; a < channels; a++) {
        long value = samples[i + a] & 0xFF;
        sums[a] += value;
        for (int b = a; b < channels; b++) {
          products[a * channels + b] += value * (samples[i + b] & 0xFF);
        }
      }
    }
    pixels += samples.length / channels;
  }

  public void add(ChannelStatistics other) {
    Arrays.setAll(sums, c -> sums[c] + other.sums[c]);
    Arrays.setAll(products, c -> products[c] + other.products[c]);
    pixels += other.pixels;
  }

  public List<Double> means() {
    return IntStream.range(0, channels).mapToObj(this::mean).toList();
  }

  private double mean(int channel) {
    return (double) sums[channel] / pixels;
  }

  /** Of each two channels, of all pixels as a population; symmetric. */
  public List<List<Double>> covariance() {
    List<List<Double>> rows = new ArrayList<>();
    for (int a = 0; a < channels; a++) {
      List<Double> row = new ArrayList<>();
      for (int b = 0; b < channels; b++) {
        long product = products[Math.min(a, b) * channels + Math.max(a, b)];
        row.add((double) product / pixels - mean(a) * mean(b));
      }
      rows.add(row);
    }
    return rows;
  }

  /** At least one gray level: a channel that never changes must not be divided by zero. */
  public List<Double> standardDeviations() {
    List<List<Double>> covariance = covariance();
    return IntStream.range(0, channels)
        .mapToObj(c -> Math.max(1, Math.sqrt(Math.max(0, covariance.get(c).get(c)))))
        .toList();
  }
}
