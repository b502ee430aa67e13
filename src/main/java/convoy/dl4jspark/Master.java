package convoy.dl4jspark;

import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;

/** dl4j-spark's training master for one fit; its own ones leave their broadcasts behind. */
final class Master extends ParameterAveragingTrainingMaster implements AutoCloseable {
  private Broadcast<NetBroadcastTuple> state;

  /**
   * @param minibatch of a worker's steps
   * @param steps of a worker at the most
   * @param averageUpdaters otherwise they begin each fit at rest
   */
  Master(int workers, int minibatch, int steps, boolean averageUpdaters) {
    super(
        new Builder(workers, minibatch)
            .batchSizePerWorker(minibatch)
            .averagingFrequency(steps)
            .saveUpdater(averageUpdaters)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            // Who has which examples is planned already.
            .repartionData(Repartition.Never)
            // They are counted before they are trained with, and decoded once.
            .storageLevel(StorageLevel.MEMORY_AND_DISK_SER()));
  }

  @Override
  public ParameterAveragingTrainingWorker getWorkerInstance(SparkComputationGraph trained) {
    var graph = trained.getNetwork();
    state =
        trained
            .getSparkContext()
            .broadcast(
                new NetBroadcastTuple(
                    graph.getConfiguration(),
                    graph.params(),
                    graph.getUpdater().getStateViewArray()));
    var how =
        new WorkerConfiguration(
            true,
            rddDataSetNumExamples,
            batchSizePerWorker,
            averagingFrequency,
            prefetchNumBatches,
            collectTrainingStats);
    return new ParameterAveragingTrainingWorker(
        state, saveUpdater, how, trainingHookList, listeners, getRouterProvider());
  }

  @Override
  public void close() {
    if (state != null) {
      state.destroy();
    }
  }
}
