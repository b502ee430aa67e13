package convoy.network.torch;

import java.util.Set;
import java.util.SplittableRandom;

/**
 * One way through the layers.
 *
 * @param reusing a layer may overwrite an input that nobody else needs
 * @param random of the replica
 * @param frozen names of layers that do as if they were only asked
 */
record Pass(Kind kind, boolean reusing, SplittableRandom random, Set<String> frozen) {

  /** What it is for. */
  enum Kind {
    ASKING,
    TRAINING,
    /** As in training, but that running statistics become the minibatch's. */
    MEASURING
  }

  boolean training() {
    return kind != Kind.ASKING;
  }

  /** As a layer is to take it. */
  Pass of(String layer) {
    return training() && frozen.contains(layer)
        ? new Pass(Kind.ASKING, reusing, random, frozen)
        : this;
  }
}
