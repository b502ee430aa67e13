package convoy.bench;

/**
 * A measurement of rounds.
 *
 * @param engine {@code convoy} or {@code dl4j-spark} (its ParameterAveragingTrainingMaster)
 * @param transport of Convoy's; empty for the other
 * @param where {@code local} (one JVM) or {@code cluster} (an executor a worker)
 * @param momentum what becomes of it between rounds
 * @param rounds that were measured, one minibatch each
 * @param averagedBytes of each worker in a round
 * @param secondsPerRound their mean
 * @param overheadSeconds of them beside the worker's step
 * @param driverBytes that come to the driver and leave it in a round: results of tasks, broadcasts
 * @param driverHeapMebibytes most in use in the driver's JVM, in {@code local} that of the workers
 */
public record RoundRow(
    String engine,
    String transport,
    String where,
    String network,
    String momentum,
    int workers,
    int rounds,
    long averagedBytes,
    double secondsPerRound,
    double overheadSeconds,
    long driverBytes,
    long driverHeapMebibytes) {}
