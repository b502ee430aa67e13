package convoy.network;

import java.time.Duration;
import java.util.ServiceLoader;
import java.util.function.BooleanSupplier;

/**
 * Workers who add up vectors among themselves, each on a thread of its own. All of them call the
 * same methods in the same order; the sums have the same bits on every rank, wherever the ranks
 * are. Vectors are 32-bit floats at an address of the machine's memory.
 */
public interface ProcessGroup extends AutoCloseable {

  /**
   * Where a worker stands.
   *
   * @param rank from 0
   * @param host name or address that the others reach this machine by
   * @param deadline of every wait for the others
   * @param cancelled asked while it waits
   */
  record Member(int rank, int size, String host, Duration deadline, BooleanSupplier cancelled) {}

  /** Where a group meets; rank 0 opens it. */
  interface Rendezvous extends AutoCloseable {

    /** What the other ranks have to be told: rank 0's host and port, nothing on others. */
    String address();

    /**
     * Waits for all ranks.
     *
     * @param address of rank 0
     * @throws GroupException if they don't come in time
     */
    ProcessGroup join(String address);

    @Override
    void close();
  }

  /** A library that groups talk through. */
  interface Library {
    Rendezvous open(Member member);
  }

  /** The beginning of a group. */
  static Rendezvous open(Member member) {
    return ServiceLoader.load(Library.class, Library.class.getClassLoader())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("There is no library for process groups"))
        .open(member);
  }

  /** The ranks cannot work together any more: one is gone, or a deadline has passed. */
  final class GroupException extends RuntimeException {
    public GroupException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * The sum over all ranks, each times its weight, takes the vector's place. A group of one leaves
   * the vector as it is.
   *
   * @return whether all values are finite
   */
  boolean sum(long vector, int values, double weight);

  /**
   * The same on half of the bytes: what is sent is rounded to bfloat16, both ways, and added up in
   * single precision. Ranks get the same bits.
   *
   * @param residual what rounding took of this rank's vectors before, which is added; afterwards
   *     what it took of this one
   */
  boolean sumRounded(NativeVector vector, NativeVector residual, double weight);

  /** The sum over all ranks. */
  double[] sum(double... values);

  /** Rank 0's vector takes the place of the others'. */
  void broadcast(long vector, int values);

  @Override
  void close();
}
