package convoy.dl4jspark;

import convoy.cluster.Gauge;
import convoy.network.ProcessGroup;
import convoy.rounds.MeetingPoint;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A worker of a fit: steps on its partition, and averages with the others, until nobody has
 * examples left.
 *
 * @param elements of the RDD that make a step
 * @param steps between two averagings
 */
record Averaging(
    Broadcast<Replica.State> begin,
    int elements,
    int steps,
    boolean averageUpdaters,
    Duration deadline,
    MeetingPoint meeting,
    Gauge gauge)
    implements Serializable {

  /**
   * How it ended.
   *
   * @param failures what the operator has to mend: none or one
   * @param state rank 0's
   */
  record End(List<String> failures, List<Replica.State> state) implements Serializable {}

  End run(TaskContext context, Iterator<MultiDataSet> examples) {
    return meeting.together(
        context,
        context.numPartitions(),
        deadline,
        (member, group) -> fit(member, group, new Replica(begin.value()), examples));
  }

  private End fit(
      ProcessGroup.Member member,
      ProcessGroup group,
      Replica replica,
      Iterator<MultiDataSet> examples) {
    for (int round = 1; ; round++) {
      double seen = 0;
      double scores = 0;
      for (int step = 0; step < steps && examples.hasNext(); step++) {
        MultiDataSet minibatch = next(examples);
        int size = (int) minibatch.getFeatures(0).size(0);
        scores += size * replica.fit(minibatch);
        seen += size;
      }
      double[] sums = group.sum(seen, scores);
      if (sums[0] == 0) {
        return new End(List.of(), member.rank() == 0 ? List.of(replica.state()) : List.of());
      }
      boolean finite = average(group, replica.parameters(), seen / sums[0]);
      INDArray updater = replica.updater();
      if (averageUpdaters && updater != null) {
        finite &= average(group, updater, seen / sums[0]);
      }
      if (!finite || !Double.isFinite(sums[1])) {
        return new End(
            List.of(
                "Cannot go on training: a parameter or the score became infinite or NaN in round %d. Lower the learning rate."
                    .formatted(round)),
            List.of());
      }
      if (member.rank() == 0) {
        gauge.add(new double[] {round, sums[1] / sums[0]});
      }
    }
  }

  private MultiDataSet next(Iterator<MultiDataSet> examples) {
    List<MultiDataSet> some = new ArrayList<>();
    while (some.size() < elements && examples.hasNext()) {
      some.add(examples.next());
    }
    return some.size() == 1 ? some.get(0) : org.nd4j.linalg.dataset.MultiDataSet.merge(some);
  }

  private static boolean average(ProcessGroup group, INDArray values, double weight) {
    long address = values.data().pointer().address() + values.offset() * Float.BYTES;
    return group.sum(address, (int) values.length(), weight);
  }
}
