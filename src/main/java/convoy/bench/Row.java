package convoy.bench;

import java.util.List;

/**
 * A measurement.
 *
 * @param phase {@code train} (a step) or {@code inference}
 * @param engine {@code torch}, {@code dl4j}, {@code djl} (libtorch as users of the Deep Java
 *     Library have it, at its best setting of threads), {@code kernels} (the network's convolutions
 *     and matrix products alone)
 * @param imagesPerSecond median of the turns, of all replicas together
 * @param ratioToDjl images/s in parts of DJL's for the same; 0 where that was not measured
 * @param ratioToDl4j likewise of DL4J's
 * @param shareOfKernels likewise of the bare kernels'
 * @param replicaMebibytes memory of the process by its replicas
 */
public record Row(
    String network,
    int size,
    int minibatch,
    String phase,
    String engine,
    String precision,
    double imagesPerSecond,
    double ratioToDjl,
    double ratioToDl4j,
    double shareOfKernels,
    long replicaMebibytes) {

  String key() {
    return "%s %d %s".formatted(network, size, phase);
  }

  Row comparedWith(List<Row> rows) {
    return new Row(
        network,
        size,
        minibatch,
        phase,
        engine,
        precision,
        imagesPerSecond,
        ratio(rows, "djl"),
        ratio(rows, "dl4j"),
        ratio(rows, "kernels"),
        replicaMebibytes);
  }

  private double ratio(List<Row> rows, String other) {
    return rows.stream()
        .filter(row -> row.engine.equals(other))
        .mapToDouble(row -> imagesPerSecond / row.imagesPerSecond)
        .findFirst()
        .orElse(0);
  }
}
