package convoy.train;

import convoy.cluster.ClusterJob;
import convoy.core.Seeds;
import convoy.core.UserException;
import convoy.data.Minibatch;
import convoy.data.MinibatchReader;
import convoy.data.PictureStore;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.Replicas;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One worker's part of a round: from a state, through a slice's minibatches, to a new state. A pure
 * function of (state, slice, seed): run again, by a retry or a speculative copy, it gives the same.
 *
 * @param minibatches as example numbers
 */
record LocalSgd(int epoch, int round, int worker, List<int[]> minibatches, Network.Step step)
    implements Serializable {

  private static final long DROPOUT = 1;
  private static final long AUGMENTATION = 2;

  /**
   * @param lossSum over the examples, each before its step
   */
  record Result(ModelState state, int examples, double lossSum) {}

  Result run(TrainingTask task, PictureStore store, ModelState start) {
    return Replicas.use(
        new Replicas.Kind(task.network(), task.backend(), ClusterJob.gpu()),
        "epoch %d, round %d, worker %d".formatted(epoch + 1, round + 1, worker + 1),
        Duration.ofMinutes(task.deadlineMinutes()),
        network -> train(network, store, task, start));
  }

  private Result train(Network network, PictureStore store, TrainingTask task, ModelState start) {
    network.restore(start);
    network.seed(Seeds.mix(task.seed(), DROPOUT, epoch, round, worker));
    var inputs =
        new MinibatchReader.Inputs(
            task.transform(),
            Optional.of(task.augmentation()),
            Seeds.mix(task.seed(), AUGMENTATION, epoch));
    double lossSum = 0;
    int examples = 0;
    try (MinibatchReader reader = new MinibatchReader(store, inputs, minibatches)) {
      while (reader.hasNext()) {
        Minibatch minibatch = reader.next();
        double loss = network.fit(minibatch, step);
        if (!Double.isFinite(loss)) {
          throw new UserException(
              "Cannot go on training: the loss is %s in epoch %d, round %d, worker %d. Lower the learning rate."
                  .formatted(loss, epoch + 1, round + 1, worker + 1));
        }
        lossSum += loss * minibatch.examples();
        examples += minibatch.examples();
      }
    }
    return new Result(network.state(), examples, lossSum);
  }
}
