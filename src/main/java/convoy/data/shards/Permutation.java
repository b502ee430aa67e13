package convoy.data.shards;

import convoy.core.Seeds;
import java.io.Serializable;

/**
 * A shuffled order of 0 to {@code size - 1} that nobody has to hold: a Feistel network of four
 * rounds on the next power of four (Luby, Rackoff, 1988), walked until it is in range (Black,
 * Rogaway, 2002).
 */
final class Permutation implements Serializable {
  private static final int ROUNDS = 4;
  private final long size;
  private final long seed;
  private final int halfBits;

  Permutation(long size, long seed) {
    this.size = size;
    this.seed = seed;
    halfBits = Math.max(1, (64 - Long.numberOfLeadingZeros(Math.max(1, size - 1)) + 1) / 2);
  }

  /** Where element {@code number} comes to. */
  long at(long number) {
    if (number < 0 || number >= size) {
      throw new IllegalArgumentException("Element %d of %d".formatted(number, size));
    }
    long place = number;
    do {
      place = encrypted(place);
    } while (place >= size);
    return place;
  }

  private long encrypted(long value) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long mixed = left ^ (Seeds.mix(seed, round, right) & mask);
      left = right;
      right = mixed;
    }
    return left << halfBits | right;
  }
}
