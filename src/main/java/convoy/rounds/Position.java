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
 * @param seconds of training
 */
public record Position(
    int epoch, int round, int rounds, long examples, double lossSum, double seconds)
    implements Serializable {

  static Position begin(int epoch, int rounds) {
    return new Position(epoch, 0, rounds, 0, 0, 0);
  }

  /** As numbers, for those who can only send such. */
  double[] numbers() {
    return new double[] {epoch, round, rounds, examples, lossSum, seconds};
  }

  /** Its {@link #numbers}, at the end of an array. */
  static Position of(double[] numbers) {
    int from = numbers.length - 6;
    return new Position(
        (int) numbers[from],
        (int) numbers[from + 1],
        (int) numbers[from + 2],
        (long) numbers[from + 3],
        numbers[from + 4],
        numbers[from + 5]);
  }

  /** A round further. */
  Position after(double roundExamples, double roundLossSum) {
    return new Position(
        epoch, round + 1, rounds, examples + (long) roundExamples, lossSum + roundLossSum, seconds);
  }

  /** The same at another time. */
  Position at(double secondsOfTraining) {
    return new Position(epoch, round, rounds, examples, lossSum, secondsOfTraining);
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
