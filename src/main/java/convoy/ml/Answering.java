package convoy.ml;

import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;

/** Parameters that Spark's probabilistic classifiers and their models share, of the same names. */
public final class Answering {
  final Param<String> featuresCol;
  final Param<String> predictionCol;
  final Param<String> probabilityCol;
  final Param<String> rawPredictionCol;
  final DoubleArrayParam thresholds;
  final IntParam topK;
  final Param<String> topKCol;

  Answering(Params stage) {
    featuresCol =
        new Param<>(
            stage, "featuresCol", "column with pictures: bytes of files, or Spark's image structs");
    predictionCol =
        new Param<>(stage, "predictionCol", "column for the number of the class; empty for none");
    probabilityCol =
        new Param<>(stage, "probabilityCol", "column for probabilities, a class; empty for none");
    rawPredictionCol =
        new Param<>(
            stage, "rawPredictionCol", "column for logarithms of probabilities; empty for none");
    thresholds =
        new DoubleArrayParam(
            stage,
            "thresholds",
            "one a class, at least 0 and not two of them 0; the class with the largest probability/threshold is predicted");
    topK = new IntParam(stage, "topK", "classes in topKCol (at least 1)", ParamValidators.gtEq(1));
    topKCol =
        new Param<>(
            stage,
            "topKCol",
            "column for the most probable classes: structs of number, name and probability; empty for none");
    stage.setDefault(featuresCol, "features");
    stage.setDefault(predictionCol, "prediction");
    stage.setDefault(probabilityCol, "probability");
    stage.setDefault(rawPredictionCol, "rawPrediction");
    stage.setDefault(topK, 5);
    stage.setDefault(topKCol, "");
  }
}
