package convoy.bench;

import convoy.network.Architectures;
import convoy.network.NetworkSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * What rounds would cost on clusters that nobody measured: the measured overhead of two workers,
 * {@code fixed + perByte * bytes}, and on top of it the wires' part of a ring (Patarasuk and Yuan,
 * 2009), {@code 2 (n - 1) / n * bytes / bandwidth + 2 (n - 1) * latency}.
 *
 * <p>Assumed: a worker a machine, of the measured machine's kind; wires that carry nine tenths of
 * what they are sold for, both ways at the same time; 50 microseconds from one to the next. What
 * loopback costs is in {@code perByte}, though wires would spare it; waiting for the slowest worker
 * is not in it.
 */
public record RoundModel(double fixedSeconds, double secondsPerByte) {
  private static final double LATENCY_SECONDS = 50e-6;
  private static final double USABLE = 0.9;
  private static final double BITS = 8;
  private static final List<String> NETWORKS = List.of("alexnet", "vgg16", "resnet50");
  private static final int CLASSES = 1000;

  /**
   * A prediction.
   *
   * @param gigabits a second, of each machine's wire
   * @param secondsForNineteenTwentieths of steps between two averagings, with which 95 % of the
   *     time is spent in them
   */
  public record Prediction(
      String network,
      int workers,
      int gigabits,
      double secondsPerRound,
      double secondsForNineteenTwentieths) {}

  /**
   * From Convoy's rounds of two workers who average among themselves, those of executors if there
   * are such; nothing where only one network was measured.
   */
  public static Optional<RoundModel> fit(List<RoundRow> rows) {
    SimpleRegression line = new SimpleRegression();
    boolean cluster = rows.stream().anyMatch(row -> isFitted(row) && row.where().equals("cluster"));
    rows.stream()
        .filter(RoundModel::isFitted)
        .filter(row -> row.where().equals(cluster ? "cluster" : "local"))
        .forEach(row -> line.addData((double) row.averagedBytes(), row.overheadSeconds()));
    boolean differ =
        rows.stream().filter(RoundModel::isFitted).map(RoundRow::network).distinct().count() > 1;
    return differ
        ? Optional.of(new RoundModel(Math.max(0, line.getIntercept()), line.getSlope()))
        : Optional.empty();
  }

  private static boolean isFitted(RoundRow row) {
    return row.transport().equals("all-reduce") && row.workers() == 2;
  }

  double secondsPerRound(long bytes, int workers, int gigabits) {
    double wire = gigabits * 1e9 / BITS * USABLE;
    double ring = 2.0 * (workers - 1) / workers * bytes / wire;
    return fixedSeconds + secondsPerByte * bytes + ring + 2 * (workers - 1) * LATENCY_SECONDS;
  }

  /** Of networks with a thousand classes, momentum kept by each worker. */
  public List<Prediction> predictions() {
    List<Prediction> predictions = new ArrayList<>();
    for (String network : NETWORKS) {
      NetworkSpec spec =
          NetworkSpec.of(network, Architectures.usualInput(network), CLASSES)
              .in(NetworkSpec.Phase.TRAINING);
      long bytes = Architectures.blueprint(spec).parameters() * Float.BYTES;
      for (int gigabits : new int[] {10, 25}) {
        for (int workers = 8; workers <= 1024; workers *= 2) {
          double round = secondsPerRound(bytes, workers, gigabits);
          predictions.add(new Prediction(network, workers, gigabits, round, 19 * round));
        }
      }
    }
    return predictions;
  }
}
