package convoy.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.split;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.pictures.ShapePictures;
import convoy.network.TrainedModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.ml.tuning.TrainValidationSplit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Convoy's stages as users of Spark ML have them: in pipelines, tuned, saved, on three kinds of
 * column.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PipelinesIT {
  private static final List<String> CLASSES =
      ShapePictures.classes().stream().sorted().limit(4).toList();
  private static final int TRAINING = 200;
  private static final int TEST = 25;
  @TempDir static Path folder;
  private static SparkSession spark;
  private static PipelineModel pipeline;

  @BeforeAll
  static void draw() {
    Location pictures = Location.of(folder.toString());
    ShapePictures.write(pictures, "train", TRAINING, 32, 1, ShapePictures.Layout.FOLDERS);
    ShapePictures.write(pictures, "test", TEST, 32, 1, ShapePictures.Layout.FOLDERS);
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** Bytes of files in {@code content}, names of classes in {@code name}. */
  private static Dataset<Row> files(String part) {
    return spark
        .read()
        .format("binaryFile")
        .option("recursiveFileLookup", true)
        .load(folder.resolve(part).toString())
        .withColumn("name", element_at(split(col("path"), "/"), -2))
        .filter(col("name").isin(CLASSES.toArray()).or(col("name").equalTo("broken")));
  }

  private static CnnClassifier classifier() {
    return new CnnClassifier()
        .setFeaturesCol("content")
        .setLabelCol("label")
        .setNetwork("lenet")
        .setInputSize(32)
        .setEpochs(10)
        .setMinibatch(16)
        .setMinibatchesPerRound(8)
        .setDropout(0)
        .setLearningRate(0.01)
        .setSchedule("cosine")
        .setWarmupEpochs(1)
        .setVerbose(false);
  }

  private static StringIndexer indexer() {
    return new StringIndexer()
        .setInputCol("name")
        .setOutputCol("label")
        .setStringOrderType("alphabetAsc");
  }

  private static double accuracy(Dataset<Row> answers) {
    return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(answers);
  }

  @Test
  @Order(1)
  void aPipelineFromNamesToNames() {
    pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  indexer(),
                  classifier(),
                  new IndexToString().setInputCol("prediction").setOutputCol("said")
                })
            .fit(files("train"));
    Dataset<Row> answers = pipeline.transform(files("test")).cache();
    assertThat(answers.count()).isEqualTo((long) TEST * CLASSES.size());
    assertThat(accuracy(answers)).isGreaterThan(0.7);
    assertThat(answers.filter("said = name").count() / (double) answers.count())
        .isEqualTo(accuracy(answers));
    for (Row row : answers.select("rawPrediction", "probability", "prediction").collectAsList()) {
      Vector probability = row.getAs(1);
      assertThat(Arrays.stream(probability.toArray()).sum()).isCloseTo(1, within());
      assertThat(probability.argmax()).isEqualTo((int) row.getDouble(2));
      assertThat(row.<Vector>getAs(0).argmax()).isEqualTo(probability.argmax());
    }
    CnnModel model = model();
    assertThat(model.labels()).isEqualTo(CLASSES.stream().sorted().toList());
    assertThat(model.history()).hasSize(10);
    assertThat(model.explainParams()).contains("topK: classes in topKCol");
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-5);
  }

  private static CnnModel model() {
    return (CnnModel) pipeline.stages()[1];
  }

  @Test
  @Order(2)
  void aSavedPipelineSaysTheSame() throws Exception {
    String path = folder.resolve("saved").toString();
    pipeline.write().overwrite().save(path);
    Dataset<Row> again = PipelineModel.load(path).transform(files("test"));
    assertThat(again.select("probability").collectAsList())
        .isEqualTo(pipeline.transform(files("test")).select("probability").collectAsList());
  }

  @Test
  @Order(3)
  void aSavedModelIsOneOfConvoysAndTheOtherWay() throws Exception {
    String path = folder.resolve("model").toString();
    model().setTopKCol("best").write().overwrite().save(path);
    TrainedModel trained = TrainedModel.read(Location.of(path));
    assertThat(trained.description().labels().classNames()).isEqualTo(model().labels());
    assertThat(CnnModel.load(path).getOrDefault(CnnModel.load(path).topKCol())).isEqualTo("best");
    Path plain = folder.resolve("plain");
    TrainedModel.write(Location.of(plain.toString()), trained.description(), trained.parameters());
    Dataset<Row> answers =
        CnnModel.load(plain.toString())
            .setTopKCol("best")
            .setTopK(2)
            .setFeaturesCol("content")
            .transform(files("test"));
    Row first = answers.select("best", "probability").first();
    List<Row> best = first.getList(0);
    assertThat(best).hasSize(2);
    assertThat(best.get(0).getDouble(2)).isGreaterThanOrEqualTo(best.get(1).getDouble(2));
    assertThat(model().labels().get(best.get(0).getInt(0))).isEqualTo(best.get(0).getString(1));
    assertThat(best.get(0).getDouble(2))
        .isEqualTo(first.<Vector>getAs(1).apply(best.get(0).getInt(0)));
    model().setTopKCol("");
  }

  /** Spark's decoder and ours of one JPEG may differ in the last bit. */
  @Test
  @Order(4)
  void theImageSourceSaysTheSameAsFiles() {
    Dataset<Row> images =
        spark
            .read()
            .format("image")
            .option("recursiveFileLookup", true)
            .load(folder.resolve("test").toString())
            .withColumn("path", col("image.origin"))
            .filter(element_at(split(col("path"), "/"), -2).isin(CLASSES.toArray()));
    List<Row> ofImages =
        model()
            .copy(ParamMap.empty())
            .setFeaturesCol("image")
            .transform(images)
            .orderBy("path")
            .select("probability")
            .collectAsList();
    List<Row> ofFiles =
        pipeline.transform(files("test")).orderBy("path").select("probability").collectAsList();
    assertThat(ofImages).hasSameSizeAs(ofFiles);
    for (int i = 0; i < ofFiles.size(); i++) {
      assertThat(ofImages.get(i).<Vector>getAs(0).toArray())
          .containsExactly(
              ofFiles.get(i).<Vector>getAs(0).toArray(), org.assertj.core.data.Offset.offset(0.05));
    }
  }

  @Test
  @Order(5)
  void theSamePicturesInOtherPartitionsGiveTheSameModel() {
    Dataset<Row> indexed = indexer().fit(files("train")).transform(files("train"));
    CnnClassifier two = classifier().setEpochs(2);
    CnnModel first = two.fit(indexed);
    CnnModel second = two.copy(ParamMap.empty()).fit(indexed.orderBy("length").repartition(5));
    assertThat(sha256(second)).isEqualTo(sha256(first));
    // The settings of one fit don't hold for the next.
    assertThat(sha256(two.copy(ParamMap.empty()).setSeed(2).fit(indexed)))
        .isNotEqualTo(sha256(first));
  }

  private static String sha256(CnnModel model) {
    try {
      Path place = Files.createTempDirectory(folder, "sha");
      model.write().overwrite().save(place.toString());
      return TrainedModel.describe(Location.of(place.toString())).sha256();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  @Order(6)
  void parametersAreTuned() throws Exception {
    Dataset<Row> indexed = indexer().fit(files("train")).transform(files("train"));
    CnnClassifier two = classifier().setEpochs(4).setWarmupEpochs(0);
    ParamMap[] grid =
        new ParamGridBuilder().addGrid(two.learningRate(), new double[] {1e-6, 0.01}).build();
    CrossValidatorModel tuned =
        new CrossValidator()
            .setEstimator(two)
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
            .setEstimatorParamMaps(grid)
            .setNumFolds(2)
            .setSeed(1)
            .fit(indexed);
    assertThat(tuned.avgMetrics()[1]).isGreaterThan(tuned.avgMetrics()[0]);
    assertThat(accuracy(tuned.transform(indexer().fit(files("test")).transform(files("test")))))
        .isGreaterThan(0.3);
    var split =
        new TrainValidationSplit()
            .setEstimator(two)
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
            .setEstimatorParamMaps(grid)
            .setSeed(1)
            .fit(indexed);
    assertThat(split.validationMetrics()[1]).isGreaterThan(split.validationMetrics()[0]);
  }

  @Test
  @Order(7)
  void featuresFeedALogisticRegression() throws Exception {
    String path = folder.resolve("model").toString();
    CnnFeaturizer featurizer = new CnnFeaturizer().setModel(path);
    Dataset<Row> train =
        featurizer.transform(indexer().fit(files("train")).transform(files("train")));
    assertThat(train.select("features").first().<Vector>getAs(0).size()).isEqualTo(500);
    var regression = new LogisticRegression().setMaxIter(50).setRegParam(0.01).fit(train);
    Dataset<Row> test = featurizer.transform(indexer().fit(files("test")).transform(files("test")));
    assertThat(accuracy(regression.transform(test))).isGreaterThan(0.7);
    assertThat(
            featurizer
                .setLayer("pool1")
                .transform(files("test"))
                .select("features")
                .first()
                .<Vector>getAs(0)
                .size())
        .isEqualTo(20 * 14 * 14);
    assertThatThrownBy(() -> featurizer.setLayer("nothing").transform(files("test")))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot make features of layer nothing: the network has [");
    featurizer.setLayer("").write().overwrite().save(folder.resolve("featurizer").toString());
    assertThat(CnnFeaturizer.load(folder.resolve("featurizer").toString()).explainParams())
        .contains("current: " + path);
  }

  @Test
  @Order(8)
  void anotherModelsWeightsGiveAHeadForOtherClasses() {
    Dataset<Row> two =
        indexer()
            .fit(files("train").filter(col("name").isin(CLASSES.get(0), CLASSES.get(1))))
            .transform(files("train").filter(col("name").isin(CLASSES.get(0), CLASSES.get(1))));
    Dataset<Row> renamed = two.withColumn("label", col("label").plus(0));
    CnnModel model =
        classifier()
            .setEpochs(4)
            .setInitialWeights(folder.resolve("model").toString())
            .setTrainedLayers("head")
            .fit(renamed);
    assertThat(model.numClasses()).isEqualTo(2);
    assertThat(accuracy(model.transform(renamed))).isGreaterThan(0.9);
  }

  @Test
  @Order(9)
  void brokenPicturesAreRefusedSkippedOrKept() throws Exception {
    Path broken = Files.createDirectories(folder.resolve("odd").resolve("broken"));
    try (Stream<Path> good = Files.list(folder.resolve("test").resolve(CLASSES.get(0)))) {
      Files.copy(good.findFirst().orElseThrow(), broken.resolve("a.png"));
    }
    Files.write(broken.resolve("b.png"), new byte[] {1, 2, 3});
    CnnModel model = model().copy(ParamMap.empty());
    assertThatThrownBy(() -> model.transform(files("odd")).collectAsList())
        .hasMessageContaining("Set handleInvalid to skip or keep");
    assertThat(model.setHandleInvalid("skip").transform(files("odd")).count()).isEqualTo(1);
    Dataset<Row> kept = model.setHandleInvalid("keep").transform(files("odd"));
    assertThat(kept.count()).isEqualTo(2);
    assertThat(kept.filter("prediction is null").count()).isEqualTo(1);
  }

  @Test
  @Order(10)
  void wrongColumnsAreNamed() {
    assertThatThrownBy(() -> classifier().setFeaturesCol("path").fit(files("train")))
        .hasMessageContaining("Column path is of type string. It must hold bytes");
    assertThatThrownBy(() -> classifier().setLabelCol("name").fit(files("train")))
        .hasMessageContaining("Make numbers of names with StringIndexer");
    assertThatThrownBy(
            () ->
                classifier()
                    .setSettings(new String[] {"trainin.epochs=2"})
                    .fit(indexer().fit(files("train")).transform(files("train"))))
        .hasMessageContaining("Unknown key trainin");
  }

  @Test
  @Order(11)
  void nothingIsLeftBehind() throws Exception {
    try (Stream<Path> left = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertThat(left.filter(path -> path.toString().contains("convoy-fit-"))).isEmpty();
    }
    Path work = folder.resolve("work");
    CnnModel unused =
        classifier()
            .setEpochs(1)
            .setWorkFolder(work.toString())
            .setKeepWork(true)
            .fit(indexer().fit(files("train")).transform(files("train")));
    try (Stream<Path> kept = Files.list(work)) {
      Path fit = kept.findFirst().orElseThrow();
      assertThat(fit.resolve("dataset/manifest.json")).exists();
      assertThat(fit.resolve("run/result.json")).exists();
    }
  }
}
