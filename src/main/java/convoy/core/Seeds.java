package convoy.core;

import java.util.SplittableRandom;

/**
 * Randomness as a function of names: a run's seed and the coordinates of what is drawn (epoch,
 * worker, example) give a generator, whichever task or machine asks.
 */
public final class Seeds {

  private Seeds() {}

  /** Mixes the coordinates with the finalizer of MurmurHash3 (Appleby, 2011). */
  public static long mix(long seed, long... coordinates) {
    long mixed = scramble(seed);
    for (long coordinate : coordinates) {
      mixed = scramble(mixed * 31 + coordinate + 0x9E3779B97F4A7C15L);
    }
    return mixed;
  }

  public static SplittableRandom random(long seed, long... coordinates) {
    return new SplittableRandom(mix(seed, coordinates));
  }

  /** Fisher-Yates, in place. */
  public static void shuffle(int[] values, SplittableRandom random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
  }

  private static long scramble(long value) {
    long h = value;
    h = (h ^ (h >>> 33)) * 0xFF51AFD7ED558CCDL;
    h = (h ^ (h >>> 33)) * 0xC4CEB9FE1A85EC53L;
    return h ^ (h >>> 33);
  }
}
