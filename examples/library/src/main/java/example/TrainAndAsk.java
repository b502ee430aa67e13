package example;

import convoy.core.Location;
import convoy.data.pictures.ShapePictures;
import convoy.ml.CnnClassifier;
import convoy.ml.CnnModel;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Trains a network on class folders of pictures and asks it: Convoy as a library. On this machine,
 * or with -Dspark.master=spark://... on a cluster whose machines all reach the folder.
 */
public final class TrainAndAsk {
  private TrainAndAsk() {}

  public static void main(String[] arguments) throws Exception {
    String folder = arguments[0];
    ShapePictures.write(
        Location.of(folder), "train", 40, 32, 1, ShapePictures.Layout.FOLDERS);
    try (SparkSession spark =
        SparkSession.builder()
            .config(new SparkConf().setIfMissing("spark.master", "local[2]"))
            .config("spark.ui.enabled", false)
            .getOrCreate()) {
      Dataset<Row> files =
          spark
              .read()
              .format("binaryFile")
              .option("recursiveFileLookup", true)
              .load(folder + "/train")
              .selectExpr("content", "element_at(split(path, '/'), -2) AS name");
      Dataset<Row> labelled =
          new StringIndexer().setInputCol("name").setOutputCol("label").fit(files).transform(files);
      CnnModel model =
          new CnnClassifier()
              .setFeaturesCol("content")
              .setEpochs(3)
              .setMinibatch(16)
              .setWorkFolder(folder + "/work")
              .fit(labelled);
      model.write().overwrite().save(folder + "/model");
      List<Row> answers =
          CnnModel.load(folder + "/model")
              .setFeaturesCol("content")
              .transform(labelled)
              .groupBy("prediction")
              .agg(functions.count("*").as("pictures"))
              .collectAsList();
      System.out.println("Answers: " + answers);
    }
  }
}
