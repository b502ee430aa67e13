package convoy.ml;

import convoy.network.Backend;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;

/** Parameters of every stage that asks a network: how, and on what. */
public final class Asking {
  final IntParam inferenceMinibatch;
  final Param<String> handleInvalid;
  final Param<String> engine;
  final Param<String> device;
  final Param<String> precision;

  Asking(Params stage) {
    inferenceMinibatch =
        new IntParam(
            stage,
            "inferenceMinibatch",
            "pictures that a network sees at a time when it is asked (at least 1)",
            ParamValidators.gtEq(1));
    handleInvalid =
        oneOf(
            stage,
            "handleInvalid",
            "what to do with a picture that cannot be decoded: error, skip (leave the row out), keep (with nulls)",
            PictureRows.Invalid.values());
    engine = oneOf(stage, "engine", "what computes: torch or dl4j", Backend.EngineName.values());
    device =
        oneOf(
            stage,
            "device",
            "cpu, cuda, or auto (a GPU where there is one)",
            Backend.DeviceKind.values());
    precision =
        oneOf(
            stage,
            "precision",
            "of activations and kernels: float32 or bfloat16",
            Backend.Precision.values());
    stage.setDefault(inferenceMinibatch, 64);
    stage.setDefault(handleInvalid, "error");
    stage.setDefault(engine, "torch");
    stage.setDefault(device, "cpu");
    stage.setDefault(precision, "float32");
  }

  private static Param<String> oneOf(Params stage, String name, String doc, Enum<?>... values) {
    String[] names =
        Arrays.stream(values).map(v -> v.name().toLowerCase(Locale.ROOT)).toArray(String[]::new);
    return new Param<>(
        stage, name, doc + " (" + String.join(", ", names) + ")", ParamValidators.inArray(names));
  }

  static PictureRows.Invalid invalid(String name) {
    return PictureRows.Invalid.valueOf(name.toUpperCase(Locale.ROOT));
  }

  static Backend backend(String engine, String device, String precision) {
    return new Backend(
        Backend.EngineName.valueOf(engine.toUpperCase(Locale.ROOT)),
        Backend.DeviceKind.valueOf(device.toUpperCase(Locale.ROOT)),
        Backend.Precision.valueOf(precision.toUpperCase(Locale.ROOT)));
  }
}
