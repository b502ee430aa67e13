package convoy.ml;

import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/** A classifier or its model: the columns of Spark's probabilistic ones. */
public interface AnsweringStage<S extends Params> extends Params {

  /** Where the parameters are kept. */
  Answering answering();

  /** This stage, of its own type. */
  S self();

  /** Column with pictures. */
  default Param<String> featuresCol() {
    return answering().featuresCol;
  }

  default S setFeaturesCol(String value) {
    set(featuresCol(), value);
    return self();
  }

  /** Column for the number of the class. */
  default Param<String> predictionCol() {
    return answering().predictionCol;
  }

  default S setPredictionCol(String value) {
    set(predictionCol(), value);
    return self();
  }

  /** Column for the probabilities. */
  default Param<String> probabilityCol() {
    return answering().probabilityCol;
  }

  default S setProbabilityCol(String value) {
    set(probabilityCol(), value);
    return self();
  }

  /** Column for the logarithms of the probabilities. */
  default Param<String> rawPredictionCol() {
    return answering().rawPredictionCol;
  }

  default S setRawPredictionCol(String value) {
    set(rawPredictionCol(), value);
    return self();
  }

  /** One a class. */
  default DoubleArrayParam thresholds() {
    return answering().thresholds;
  }

  default S setThresholds(double[] value) {
    set(thresholds(), value);
    return self();
  }

  /** Classes in the column of the most probable ones. */
  default IntParam topK() {
    return answering().topK;
  }

  default S setTopK(int value) {
    set(topK(), value);
    return self();
  }

  /** Column for the most probable classes. */
  default Param<String> topKCol() {
    return answering().topKCol;
  }

  default S setTopKCol(String value) {
    set(topKCol(), value);
    return self();
  }
}
