package convoy.dl4jspark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.UserException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** A program as dl4j-spark's users write them, with another training master. */
class ConvoyTrainingMasterIT {
  private static final int INPUTS = 8;
  private static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    spark =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2]")
                .setAppName("a program for dl4j-spark")
                .set("spark.ui.enabled", "false"));
  }

  @AfterAll
  static void stopSpark() {
    spark.close();
  }

  private static NeuralNetConfiguration.Builder builder() {
    return new NeuralNetConfiguration.Builder().seed(12345).updater(new Nesterovs(0.05, 0.9));
  }

  private static MultiLayerConfiguration layers() {
    return builder()
        .list()
        .layer(new DenseLayer.Builder().nOut(16).activation(Activation.TANH).build())
        .layer(output())
        .setInputType(InputType.feedForward(INPUTS))
        .build();
  }

  private static OutputLayer output() {
    return new OutputLayer.Builder(LossFunctions.LossFunction.NEGATIVELOGLIKELIHOOD)
        .activation(Activation.SOFTMAX)
        .nOut(2)
        .build();
  }

  private static ComputationGraphConfiguration graph() {
    return builder()
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.feedForward(INPUTS))
        .addLayer(
            "hidden", new DenseLayer.Builder().nOut(16).activation(Activation.TANH).build(), "in")
        .addLayer("out", output(), "hidden")
        .setOutputs("out")
        .build();
  }

  /** Whether the first two inputs have the same sign, which no linear rule tells. */
  private static List<DataSet> examples(int number) {
    Random random = new Random(3);
    List<DataSet> examples = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      float[] inputs = new float[INPUTS];
      for (int j = 0; j < INPUTS; j++) {
        inputs[j] = (float) random.nextGaussian();
      }
      float[] label = inputs[0] * inputs[1] > 0 ? new float[] {0, 1} : new float[] {1, 0};
      examples.add(
          new DataSet(
              Nd4j.createFromArray(new float[][] {inputs}),
              Nd4j.createFromArray(new float[][] {label})));
    }
    return examples;
  }

  private static TrainingMaster<?, ?> master(int workers, int frequency, boolean repartition) {
    return new ConvoyTrainingMaster.Builder(workers, 1)
        .batchSizePerWorker(10)
        .averagingFrequency(frequency)
        .repartition(repartition)
        .build();
  }

  @Test
  void oneWorkerIsTheNetworksOwnFitToTheBit() {
    MultiLayerNetwork plain = new MultiLayerNetwork(layers());
    plain.init();
    List<DataSet> all = examples(95);
    for (int from = 0; from < 95; from += 10) {
      plain.fit(DataSet.merge(all.subList(from, Math.min(from + 10, 95))));
    }
    SparkDl4jMultiLayer trained = new SparkDl4jMultiLayer(spark, layers(), master(1, 3, false));
    MultiLayerNetwork network = trained.fit(spark.parallelize(all, 1));
    assertThat(network.params()).isEqualTo(plain.params());
    assertThat(network.getUpdater().getStateViewArray())
        .isEqualTo(plain.getUpdater().getStateViewArray());
  }

  @Test
  void workersWhoAverageEveryStepAreOneNetworkWithAllTheirExamples() {
    List<DataSet> all = examples(40);
    // 25 and 15 examples: in the third round one has five, in none two.
    JavaRDD<DataSet> parts =
        spark
            .parallelize(all, 1)
            .zipWithIndex()
            .mapToPair(scala.Tuple2::swap)
            .partitionBy(new FirstAndRest(25))
            .values();
    SparkDl4jMultiLayer trained = new SparkDl4jMultiLayer(spark, layers(), master(2, 1, false));
    MultiLayerNetwork network = trained.fit(parts);
    MultiLayerNetwork plain = new MultiLayerNetwork(layers());
    plain.init();
    plain.fit(merged(all, 0, 10, 25, 35));
    plain.fit(merged(all, 10, 20, 35, 40));
    plain.fit(merged(all, 20, 25, 40, 40));
    assertThat(network.params().sub(plain.params()).amaxNumber().doubleValue()).isLessThan(1e-5);
  }

  private static DataSet merged(List<DataSet> all, int from, int to, int otherFrom, int otherTo) {
    List<DataSet> some = new ArrayList<>(all.subList(from, to));
    some.addAll(all.subList(otherFrom, otherTo));
    return DataSet.merge(some);
  }

  /** The first numbers are one partition's. */
  private static final class FirstAndRest extends org.apache.spark.Partitioner {
    private final long first;

    FirstAndRest(long first) {
      this.first = first;
    }

    @Override
    public int numPartitions() {
      return 2;
    }

    @Override
    public int getPartition(Object key) {
      return (Long) key < first ? 0 : 1;
    }
  }

  @Test
  void graphsAreTrainedAndLearn() {
    List<DataSet> all = examples(1_000);
    SparkComputationGraph trained = new SparkComputationGraph(spark, graph(), master(2, 4, true));
    JavaRDD<DataSet> rdd = spark.parallelize(all, 7);
    for (int epoch = 0; epoch < 12; epoch++) {
      trained.fit(rdd);
    }
    ComputationGraph network = trained.getNetwork();
    DataSet merged = DataSet.merge(all);
    INDArray said = network.outputSingle(merged.getFeatures()).argMax(1);
    double right =
        said.eq(merged.getLabels().argMax(1)).castTo(said.dataType()).meanNumber().doubleValue();
    assertThat(right).isGreaterThan(0.9);
    assertThat(trained.getScore()).isLessThan(0.4);
  }

  @Test
  void whatItCannotDoIsRefused() {
    SparkDl4jMultiLayer tooMany = new SparkDl4jMultiLayer(spark, layers(), master(3, 1, true));
    assertThatThrownBy(() -> tooMany.fit(spark.parallelize(examples(9), 3)))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot train 3 workers at the same time on 2 slots");
    assertThatThrownBy(() -> master(1, 1, true).setCollectTrainingStats(true))
        .hasMessage("ConvoyTrainingMaster has no training statistics");
    assertThatThrownBy(() -> new ConvoyTrainingMaster.Builder(1).averagingFrequency(0).build())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("averagingFrequency");
  }
}
