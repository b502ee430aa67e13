package convoy.ml;

import convoy.core.UserException;
import convoy.evaluate.Member;
import convoy.network.Architectures;
import convoy.network.TrainedModel;
import convoy.network.architecture.Blueprint;
import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Appends what a layer of a trained network makes of each picture, as a vector: features for any of
 * Spark's estimators (Razavian et al., 2014). A map becomes a vector channel after channel, row by
 * row.
 */
public final class CnnFeaturizer extends Transformer
    implements AskingStage<CnnFeaturizer>, DefaultParamsWritable {
  // Without an initial value: the superclass's constructor asks for the identifier first.
  private String uid;
  private final Asking asking;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> model;
  private final Param<String> layer;

  public CnnFeaturizer() {
    this((Uid) null);
  }

  public CnnFeaturizer(String uid) {
    this(Uid.announce(uid));
  }

  private CnnFeaturizer(Uid unused) {
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
    return PictureRows.with(
        schema, DataTypes.createStructField(text(outputCol), SQLDataTypes.VectorType(), true));
  }

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
    String wanted = layerOf(Architectures.blueprint(member.network()));
    return PictureRows.append(
        dataset,
        result,
        member,
        backend(),
        new PictureRows.Plan(
            PictureColumn.of(schema, text(inputCol)),
            schema.fieldIndex(text(inputCol)),
            1,
            (int) getOrDefault(inferenceMinibatch()),
            invalid()),
        (scorer, pictures) ->
            scorer.activations(pictures, wanted).stream()
                .map(values -> new Object[] {PictureRows.vector(values)})
                .toList());
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
