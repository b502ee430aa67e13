package convoy.bench;

/**
 * What trainings under one policy came to.
 *
 * @param seeds trainings
 * @param top1Mean validation accuracy after the last epoch, as a fraction; mean of the seeds
 * @param top1Sd its standard deviation (of n - 1)
 * @param bytesPerExample vectors that all workers sent
 * @param seconds of training without validation, mean of the seeds; the first row's has the process
 *     warming up in it
 */
public record PolicyRow(
    String policy,
    String network,
    int workers,
    int seeds,
    double top1Mean,
    double top1Sd,
    double bytesPerExample,
    double seconds) {}
