package convoy.train;

import convoy.core.Location;
import convoy.data.pictures.Augmenter;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.network.Backend;
import convoy.network.LayerRates;
import convoy.network.MemoryNeeds;
import convoy.network.NetworkSpec;
import convoy.network.StartingWeights;
import convoy.rounds.MomentumRule;
import java.util.Optional;

/**
 * What is trained on what.
 *
 * @param validationSplit measured after every epoch
 * @param network in its training form
 * @param weights path of those to begin with; empty for random ones
 * @param identities whether residual blocks begin as identities
 * @param head what becomes of their last layer
 * @param rates of layers
 * @param room for pictures in a JVM
 * @param backend that workers train with
 */
record TrainingSubject(
    Location dataset,
    DatasetManifest manifest,
    String validationSplit,
    NetworkSpec network,
    Augmenter augmenter,
    String weights,
    boolean identities,
    Optional<StartingWeights.Head> head,
    LayerRates rates,
    long seed,
    PictureShelf.Room room,
    Backend backend) {

  ImageTransform transform() {
    return augmenter.transform();
  }

  MemoryPlan memoryPlan(TrainingOptions options, int slots) {
    // Of validation's probabilities, which all tasks of one executor may hold.
    long probabilities =
        (long) manifest.split(validationSplit).examples() * manifest.labels().size() * Float.BYTES;
    MemoryNeeds needs =
        MemoryNeeds.of(network, options.minibatch(), backend).with(options.stepping());
    MomentumRule momentum = options.momentumBetweenRounds();
    // What an optimizer remembers is sent in the same room.
    int more = options.optimizer() == TrainingOptions.Steps.ADAM_W ? 1 : 0;
    if (options.averaging() == TrainingOptions.Averaging.DL4J_SPARK) {
      // Parameters and updater as they are broadcast, reached and summed.
      more += 6;
    }
    return new MemoryPlan(
        needs,
        weights.isEmpty()
            ? options.transport().states(options.rules())
            : options.transport().states(options.rules()).andOneInTheDriver(),
        options.rules().vectors() + more,
        momentum == MomentumRule.AVERAGE ? needs.stateBytes() : needs.parameterBytes(),
        options.workers(),
        slots,
        room.heapBytes(),
        probabilities,
        backend.device());
  }
}
