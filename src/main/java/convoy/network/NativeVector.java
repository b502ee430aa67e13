package convoy.network;

import java.util.ServiceLoader;

/**
 * 32-bit floats in the machine's memory, and the arithmetic of averaging on them. Two vectors of
 * one operation have the same number of values.
 */
public interface NativeVector extends AutoCloseable {

  /** A library that computes. */
  interface Library {

    /** Zeros, until it is closed. */
    NativeVector zeros(int values);

    /** What lies at an address, which stays somebody else's. */
    NativeVector at(long address, int values);
  }

  /** The library that is there. */
  static Library library() {
    return ServiceLoader.load(Library.class, Library.class.getClassLoader())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("There is no library for vectors"));
  }

  long address();

  int values();

  /** A stretch of this one, on the same memory. */
  NativeVector part(int from, int length);

  /** {@code this = other}. */
  void copy(NativeVector other);

  /** {@code this = factor * this}. */
  void scale(double factor);

  /** {@code this = this + factor * other}. */
  void add(double factor, NativeVector other);

  /** Values change places. */
  void swap(NativeVector other);

  /** Little-endian. */
  byte[] bytes();

  /**
   * @param bytes as {@link #bytes} gives them
   */
  void put(byte[] bytes);

  @Override
  void close();
}
