package example;

import convoy.core.Location;
import convoy.data.pictures.ShapePictures;
import convoy.ml.CnnClassifier;
import java.util.Arrays;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Chooses a pipeline's learning rate by cross-validation, and says what it is worth. */
public final class ChooseRate {
  private static final int TRAINING_PER_CLASS = 200;
  private static final int TEST_PER_CLASS = 60;

  private ChooseRate() {}

  public static void main(String[] arguments) throws Exception {
    String folder = arguments[0];
    Location place = Location.of(folder);
    ShapePictures.write(
        place, "train", TRAINING_PER_CLASS, 32, 1, ShapePictures.Layout.FOLDERS);
    ShapePictures.write(place, "test", TEST_PER_CLASS, 32, 1, ShapePictures.Layout.FOLDERS);
    try (SparkSession spark =
        SparkSession.builder()
            .config(new SparkConf().setIfMissing("spark.master", "local[2]"))
            .config("spark.ui.enabled", false)
            .config("spark.log.level", "WARN")
            .getOrCreate()) {
      CnnClassifier classifier =
          new CnnClassifier()
              .setFeaturesCol("content")
              .setMinibatch(16)
              .setVerbose(false)
              .setWorkFolder(folder + "/work");
      Pipeline pipeline =
          new Pipeline()
              .setStages(
                  new PipelineStage[] {
                    new StringIndexer().setInputCol("name").setOutputCol("label"), classifier
                  });
      ParamMap[] rates =
          new ParamGridBuilder()
              .addGrid(classifier.learningRate(), new double[] {0.003, 0.01, 0.03})
              .build();
      MulticlassClassificationEvaluator accuracy =
          new MulticlassClassificationEvaluator().setMetricName("accuracy");
      CrossValidatorModel tuned =
          new CrossValidator()
              .setEstimator(pipeline)
              .setEvaluator(accuracy)
              .setEstimatorParamMaps(rates)
              .setNumFolds(3)
              .setSeed(1)
              .fit(files(spark, folder + "/train"));
      System.out.printf(
          "Accuracies of the folds %s, of the test %.3f%n",
          Arrays.toString(tuned.avgMetrics()),
          accuracy.evaluate(tuned.transform(files(spark, folder + "/test"))));
    }
  }

  private static Dataset<Row> files(SparkSession spark, String folder) {
    return spark
        .read()
        .format("binaryFile")
        .option("recursiveFileLookup", true)
        .load(folder)
        .selectExpr("content", "element_at(split(path, '/'), -2) AS name");
  }
}
