package convoy.network.torch;

import java.util.Set;
import java.util.SplittableRandom;

/**
 * One way through the layers.
 *
 * @param training statistics are of the minibatch and dropout drops
 * @param reusing a layer may overwrite an input that nobody else needs
 * @param random of the replica
 * @param frozen names of layers that do as if they were only asked
 */
record Pass(boolean training, boolean reusing, SplittableRandom random, Set<String> frozen) {

  /** As a layer is to take it. */
  Pass of(String layer) {
    return training && frozen.contains(layer) ? new Pass(false, reusing, random, frozen) : this;
  }
}
