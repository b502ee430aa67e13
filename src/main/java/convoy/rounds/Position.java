package convoy.rounds;

import java.io.Serializable;

/**
 * How far an epoch has come.
 *
 * @param epoch from 0
 * @param round rounds done
 * @param rounds of the whole epoch
 * @param examples seen
 * @param lossSum over them, each before its step
 * @param costs of training
 */
public record Position(int epoch, int round, int rounds, long examples, double lossSum, Costs costs)
    implements Serializable {

  /**
   * What it took.
   *
   * @param seconds in all
   * @param stepSeconds of a worker's steps, their mean
   * @param readingSeconds that a worker waited for minibatches, their mean
   * @param averagingSeconds of averaging, when all are there
   * @param sentBytes of vectors, by all workers
   */
  public record Costs(
      double seconds,
      double stepSeconds,
      double readingSeconds,
      double averagingSeconds,
      double sentBytes)
      implements Serializable {
    static final Costs NONE = new Costs(0, 0, 0, 0, 0);

    /** Those of a round more, all at a time. */
    Costs and(double step, double reading, double averaging, double bytes, double now) {
      return new Costs(
          now,
          stepSeconds + step,
          readingSeconds + reading,
          averagingSeconds + averaging,
          sentBytes + bytes);
    }
  }

  /** Of {@link #numbers}. */
  static final int NUMBERS = 10;

  static Position begin(int epoch, int rounds) {
    return new Position(epoch, 0, rounds, 0, 0, Costs.NONE);
  }

  /** As numbers, for those who can only send such. */
  double[] numbers() {
    return new double[] {
      epoch,
      round,
      rounds,
      examples,
      lossSum,
      costs.seconds,
      costs.stepSeconds,
      costs.readingSeconds,
      costs.averagingSeconds,
      costs.sentBytes
    };
  }

  /** Its {@link #numbers}, at the end of an array. */
  static Position of(double[] numbers) {
    int from = numbers.length - NUMBERS;
    return new Position(
        (int) numbers[from],
        (int) numbers[from + 1],
        (int) numbers[from + 2],
        (long) numbers[from + 3],
        numbers[from + 4],
        new Costs(
            numbers[from + 5],
            numbers[from + 6],
            numbers[from + 7],
            numbers[from + 8],
            numbers[from + 9]));
  }

  /** A round further. */
  Position after(double roundExamples, double roundLossSum) {
    return new Position(
        epoch, round + 1, rounds, examples + (long) roundExamples, lossSum + roundLossSum, costs);
  }

  /** The same at other costs. */
  Position at(Costs other) {
    return new Position(epoch, round, rounds, examples, lossSum, other);
  }

  /** What has been done, for a person. */
  public String done() {
    return isEnd() || round == 0
        ? "epoch %d".formatted(epochs())
        : "round %d of %d in epoch %d".formatted(round, rounds, epoch + 1);
  }

  /** Whether the epoch is over. */
  public boolean isEnd() {
    return round == rounds;
  }

  /** Epochs that are over. */
  public int epochs() {
    return isEnd() ? epoch + 1 : epoch;
  }

  /** Of the examples seen. */
  public double meanLoss() {
    return lossSum / examples;
  }

  @Override
  public String toString() {
    return "epoch %d, round %d".formatted(epoch + 1, round + 1);
  }
}
