package convoy.ml;

import convoy.network.Backend;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/** A stage that asks a network. */
public interface AskingStage<S extends Params> extends Params {

  /** Where the parameters are kept. */
  Asking asking();

  /** This stage, of its own type. */
  S self();

  /** Pictures that a network sees at a time when it is asked. */
  default IntParam inferenceMinibatch() {
    return asking().inferenceMinibatch;
  }

  default S setInferenceMinibatch(int value) {
    set(inferenceMinibatch(), value);
    return self();
  }

  /** {@code error}, {@code skip} or {@code keep} rows whose picture cannot be decoded. */
  default Param<String> handleInvalid() {
    return asking().handleInvalid;
  }

  default S setHandleInvalid(String value) {
    set(handleInvalid(), value);
    return self();
  }

  /** {@code torch} or {@code dl4j}. */
  default Param<String> engine() {
    return asking().engine;
  }

  default S setEngine(String value) {
    set(engine(), value);
    return self();
  }

  /** {@code cpu}, {@code cuda} or {@code auto}. */
  default Param<String> device() {
    return asking().device;
  }

  default S setDevice(String value) {
    set(device(), value);
    return self();
  }

  /** {@code float32} or {@code bfloat16}. */
  default Param<String> precision() {
    return asking().precision;
  }

  default S setPrecision(String value) {
    set(precision(), value);
    return self();
  }

  /** What computes. */
  default Backend backend() {
    return Asking.backend(
        getOrDefault(engine()), getOrDefault(device()), getOrDefault(precision()));
  }

  /** What is done with broken pictures. */
  default PictureRows.Invalid invalid() {
    return Asking.invalid(getOrDefault(handleInvalid()));
  }
}
