package convoy.rounds;

import convoy.data.reading.Minibatch;
import convoy.network.LayerRates;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.StateLayout;
import convoy.network.architecture.Parameter.Role;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Batch normalization's running statistics, measured anew for an averaged state: its parameters are
 * nobody's that the running ones were taken with (Izmailov et al., 2018). They become the means and
 * variances of all examples that the ranks look at together.
 */
final class Recalibration {
  private final Network network;
  private final List<StateLayout.Block> statistics;

  Recalibration(Network network, StateLayout layout) {
    this.network = network;
    statistics = layout.blocks().stream().filter(block -> block.role() == Role.STATISTIC).toList();
  }

  /** Whether there is anything to measure. */
  boolean isNeeded() {
    return !statistics.isEmpty();
  }

  /** Of no examples: sums of values and of their squares, examples last. */
  double[] nothing() {
    return new double[statistics.stream().mapToInt(StateLayout.Block::length).sum() + 1];
  }

  /** Sums over some minibatches, to be added to those of others. */
  double[] measured(Iterator<Minibatch> minibatches, LayerRates rates, BooleanSupplier cancelled) {
    double[] sums = nothing();
    while (minibatches.hasNext()) {
      if (cancelled.getAsBoolean()) {
        throw new IllegalStateException("Cancelled while measuring statistics");
      }
      Minibatch minibatch = minibatches.next();
      add(minibatch.examples(), network.measure(minibatch, rates), sums);
    }
    return sums;
  }

  /** Each layer has its means and, behind them, its variances. */
  private void add(int examples, float[] measured, double[] sums) {
    int at = 0;
    for (int i = 0; i < statistics.size(); i += 2) {
      int channels = statistics.get(i).length();
      for (int c = 0; c < channels; c++) {
        double mean = measured[at + c];
        double variance = measured[at + channels + c];
        sums[at + c] += examples * mean;
        sums[at + channels + c] += examples * (variance + mean * mean);
      }
      at += 2 * channels;
    }
    sums[at] += examples;
  }

  /** Statistics become those of all examples that were measured. */
  void take(double[] sums) {
    ModelState state = network.state();
    byte[] bytes = state.parameters().clone();
    FloatBuffer parameters = ModelState.floats(bytes);
    double examples = sums[sums.length - 1];
    int at = 0;
    for (int i = 0; i < statistics.size(); i += 2) {
      StateLayout.Block means = statistics.get(i);
      StateLayout.Block variances = statistics.get(i + 1);
      for (int c = 0; c < means.length(); c++) {
        double mean = sums[at + c] / examples;
        double variance = sums[at + means.length() + c] / examples - mean * mean;
        parameters.put(means.from() + c, (float) mean);
        parameters.put(variances.from() + c, (float) Math.max(0, variance));
      }
      at += 2 * means.length();
    }
    network.restore(new ModelState(bytes, state.momentum()));
  }
}
