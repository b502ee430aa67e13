package convoy.bench;

/**
 * What a way of the pictures took.
 *
 * @param what {@code partition}, {@code partition-tiny}, {@code read-cold}, {@code read-warm},
 *     {@code decode} (the bare decoder on the same pictures, in memory)
 * @param megabytesPerSecond of encoded pictures
 * @param sourceBytesRead and {@code sourceOpens}: of the source's files, or the shards'
 * @param driverHeapMebibytes most that was in the heap after a collection, driver and tasks
 */
public record DataRow(
    String what,
    long pictures,
    double seconds,
    double picturesPerSecond,
    double megabytesPerSecond,
    long sourceBytesRead,
    long sourceOpens,
    long driverHeapMebibytes) {}
