package convoy.network.torch;

import convoy.network.Backend.Precision;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;

/** What a replica takes while it trains, from its layers. */
final class TrainingMemory {
  /** Parameters, momentum, and the gradients, which are there until the step is taken. */
  private static final long VECTORS = 3;

  /** Maps that are kept for the backward pass in a normalization across channels. */
  private static final long RESPONSE_MAPS = 6;

  /** A maximum keeps its place, a 64-bit number, too. */
  private static final long POOLED_MAPS = 3;

  /** Dropout keeps its mask, too. */
  private static final long DROPPED_MAPS = 2;

  /**
   * Beside what is kept: gradients on their way back, oneDNN's reordered copies, what the allocator
   * keeps between sizes. Measured on LeNet, AlexNet, VGG-16, GoogLeNet and ResNet-50.
   */
  private static final double ON_THE_WAY = 1.35;

  /** Of any replica: its thread, oneDNN's primitives and their room. Measured on LeNet. */
  private static final long EACH = 14 << 20;

  private TrainingMemory() {}

  static long bytes(Blueprint blueprint, int minibatch, Precision precision) {
    long maps = blueprint.input().count();
    long state = 0;
    for (Node node : blueprint.nodes()) {
      maps += kept(node) * node.output().count();
      state += node.stateValues();
    }
    int width = precision == Precision.BFLOAT16 ? Short.BYTES : Float.BYTES;
    return EACH + VECTORS * state * Float.BYTES + (long) (ON_THE_WAY * minibatch * maps * width);
  }

  /** Maps of a layer that live until its backward pass; a ReLU or a sum overwrites its input. */
  private static long kept(Node node) {
    if (node.layer() instanceof LayerSpec.Relu || node.layer() instanceof LayerSpec.Sum) {
      return 0;
    }
    if (node.layer() instanceof LayerSpec.LocalResponseNormalization) {
      return RESPONSE_MAPS;
    }
    if (node.layer() instanceof LayerSpec.Dropout) {
      return DROPPED_MAPS;
    }
    return node.layer() instanceof LayerSpec.MaxPooling ? POOLED_MAPS : 1;
  }
}
