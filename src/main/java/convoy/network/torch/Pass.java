package convoy.network.torch;

import java.util.SplittableRandom;

/**
 * One way through the layers.
 *
 * @param training statistics are of the minibatch and dropout drops
 * @param reusing a layer may overwrite an input that nobody else needs
 * @param random of the replica
 */
record Pass(boolean training, boolean reusing, SplittableRandom random) {}
