package convoy.ml;

import convoy.cluster.SparkContexts;
import convoy.core.UserException;
import convoy.evaluate.Member;
import convoy.evaluate.PictureScorer;
import convoy.network.Architectures;
import convoy.network.Backend;
import convoy.network.TrainedModel;
import convoy.network.architecture.Blueprint;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Appends what a layer of a trained network makes of each picture, as a vector: features for any of
 * Spark's estimators (Razavian et al., 2014). A map becomes a vector channel after channel, row by
 * row.
 */
public final class CnnFeaturizer extends Transformer
    implements AskingStage<CnnFeaturizer>, DefaultParamsWritable {
  private static final Duration DEADLINE = Duration.ofHours(1);

  // Without an initial value: the superclass's constructor asks for the identifier first.
  private String uid;
  private final Asking asking;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> model;
  private final Param<String> layer;

  public CnnFeaturizer() {
    this(new Param<?>[0]);
  }

  public CnnFeaturizer(String uid) {
    this(Uid.announce(uid));
  }

  private CnnFeaturizer(Object unused) {
    asking = new Asking(this);
    inputCol =
        new Param<>(
            this, "inputCol", "column with pictures: bytes of files, or Spark's image structs");
    outputCol = new Param<>(this, "outputCol", "column for the vectors");
    model = new Param<>(this, "model", "Convoy model or run folder");
    layer =
        new Param<>(
            this,
            "layer",
            "whose output is taken, a name that jobs/describe.sh lists; empty takes what the last layer reads");
    setDefault(inputCol, "content");
    setDefault(outputCol, "features");
    setDefault(layer, "");
  }

  @Override
  public String uid() {
    if (uid == null) {
      uid = Uid.take("cnn_featurizer");
    }
    return uid;
  }

  @Override
  public Asking asking() {
    return asking;
  }

  @Override
  public CnnFeaturizer self() {
    return this;
  }

  /** Column with pictures. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** Column for the vectors. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** Model or run folder. */
  public Param<String> model() {
    return model;
  }

  /** Whose output is taken. */
  public Param<String> layer() {
    return layer;
  }

  public CnnFeaturizer setInputCol(String value) {
    set(inputCol(), value);
    return this;
  }

  public CnnFeaturizer setOutputCol(String value) {
    set(outputCol(), value);
    return this;
  }

  public CnnFeaturizer setModel(String value) {
    set(model(), value);
    return this;
  }

  public CnnFeaturizer setLayer(String value) {
    set(layer(), value);
    return this;
  }

  private String text(Param<String> param) {
    return getOrDefault(param);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    PictureColumn unused = PictureColumn.of(schema, text(inputCol));
    if (List.of(schema.fieldNames()).contains(text(outputCol))) {
      throw new IllegalArgumentException(
          "Output column %s already exists.".formatted(text(outputCol)));
    }
    return schema.add(text(outputCol), SQLDataTypes.VectorType(), true);
  }

  /** What tasks need. */
  private record Asked(Member member, Backend backend, PictureRows.Plan plan, String layer)
      implements Serializable {}

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    StructType result = transformSchema(schema);
    if (!isDefined(model)) {
      throw new UserException(
          "Cannot make features: no model is named. Call setModel with a model or run folder.");
    }
    Member member =
        Member.of(uid(), TrainedModel.read(TrainedModel.find(text(model), TrainedModel.Kind.BEST)));
    Asked asked =
        new Asked(
            member,
            backend(),
            new PictureRows.Plan(
                PictureColumn.of(schema, text(inputCol)),
                schema.fieldIndex(text(inputCol)),
                1,
                (int) getOrDefault(inferenceMinibatch()),
                invalid()),
            layerOf(Architectures.blueprint(member.network())));
    Broadcast<Asked> shared = SparkContexts.of(dataset.sparkSession()).broadcast(asked);
    return PictureRows.append(
        dataset,
        result,
        rows -> {
          Asked here = shared.value();
          PictureScorer scorer = new PictureScorer(List.of(here.member), here.backend, DEADLINE);
          TaskContext.get()
              .addTaskCompletionListener((TaskCompletionListener) context -> scorer.close());
          return new PictureRows(
              rows,
              here.plan,
              scorer,
              (asks, pictures) ->
                  asks.activations(pictures, here.layer).stream()
                      .map(values -> new Object[] {vector(values)})
                      .toList());
        });
  }

  private static Vector vector(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return Vectors.dense(wide);
  }

  private String layerOf(Blueprint blueprint) {
    if (text(layer).isEmpty()) {
      return blueprint.output().inputs().get(0);
    }
    List<String> names = blueprint.nodes().stream().map(Blueprint.Node::name).toList();
    if (!names.contains(text(layer))) {
      throw new UserException(
          "Cannot make features of layer %s: the network has %s. Name one of these."
              .formatted(text(layer), names));
    }
    return text(layer);
  }

  @Override
  public CnnFeaturizer copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public static MLReader<CnnFeaturizer> read() {
    return new DefaultParamsReader<>();
  }

  public static CnnFeaturizer load(String path) {
    return read().load(path);
  }
}
