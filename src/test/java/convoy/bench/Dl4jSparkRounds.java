package convoy.bench;

import convoy.core.Documents;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** dl4j-spark's rounds, as its users write them: the other side of {@link RoundBench}. */
public final class Dl4jSparkRounds {
  private static final int STEPS = 9;
  private static final int PIXELS = 28 * 28;

  private Dl4jSparkRounds() {}

  public static void main(String[] arguments) {
    RoundCase one = Documents.fromJson("case", arguments[0], RoundCase.class);
    SparkConf conf = new SparkConf().setAppName("dl4j-spark");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      MultiLayerConfiguration network = network(one.network());
      var master =
          new ParameterAveragingTrainingMaster.Builder(one.workers(), 1)
              .batchSizePerWorker(1)
              .averagingFrequency(1)
              .workerPrefetchNumBatches(0)
              .rddTrainingApproach(RDDTrainingApproach.Direct)
              .repartionData(Repartition.Never)
              .build();
      SparkDl4jMultiLayer trainer = new SparkDl4jMultiLayer(spark, network, master);
      trainer.fit(examples(spark, one.workers(), 2));
      DriverTraffic traffic = new DriverTraffic(spark);
      JavaRDD<DataSet> examples = examples(spark, one.workers(), one.rounds());
      traffic.reset();
      long began = System.nanoTime();
      trainer.fit(examples);
      double round = (System.nanoTime() - began) / 1e9 / one.rounds();
      double step = step(network);
      WorkerProcess.print(
          new RoundRow(
              one.engine(),
              one.transport(),
              one.where(),
              one.network(),
              one.momentum(),
              one.workers(),
              one.rounds(),
              2L * Float.BYTES * trainer.getNetwork().numParams(),
              round,
              round - step,
              traffic.bytes() / one.rounds(),
              DriverTraffic.heapMebibytes()));
    }
  }

  private static MultiLayerConfiguration network(String name) {
    var list =
        new NeuralNetConfiguration.Builder().seed(1).updater(new Nesterovs(1e-4, 0.9)).list();
    if (name.equals("lenet")) {
      list.layer(new ConvolutionLayer.Builder(5, 5).nOut(20).build())
          .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
          .layer(new ConvolutionLayer.Builder(5, 5).nOut(50).build())
          .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
          .layer(new DenseLayer.Builder().nOut(500).activation(Activation.RELU).build());
    } else {
      list.layer(
          new DenseLayer.Builder().nOut(RoundCase.NEURONS).activation(Activation.RELU).build());
    }
    return list.layer(
            new OutputLayer.Builder(LossFunctions.LossFunction.NEGATIVELOGLIKELIHOOD)
                .nOut(10)
                .activation(Activation.SOFTMAX)
                .build())
        .setInputType(InputType.convolutionalFlat(28, 28, 1))
        .build();
  }

  private static DataSet example() {
    var label = Nd4j.zeros(1, 10);
    label.putScalar(0, 1, 1);
    return new DataSet(Nd4j.rand(1, PIXELS), label);
  }

  private static JavaRDD<DataSet> examples(JavaSparkContext spark, int workers, int rounds) {
    List<DataSet> all = new ArrayList<>();
    for (int i = 0; i < workers * rounds; i++) {
      all.add(example());
    }
    return spark.parallelize(all, workers);
  }

  private static double step(MultiLayerConfiguration configuration) {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    double[] seconds = new double[STEPS];
    for (int i = 0; i < STEPS; i++) {
      long began = System.nanoTime();
      network.fit(example());
      seconds[i] = (System.nanoTime() - began) / 1e9;
    }
    Arrays.sort(seconds);
    return seconds[STEPS / 2];
  }
}
