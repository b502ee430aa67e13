package convoy.ml;

import convoy.core.Location;
import convoy.data.pictures.Picture;
import convoy.evaluate.Evaluation;
import convoy.evaluate.Member;
import convoy.evaluate.PictureScorer;
import convoy.network.TrainedModel;
import convoy.train.TrainingHistory;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader.Metadata;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/**
 * A trained network as a transformer: appends {@code rawPrediction} (natural logarithms of the
 * probabilities), {@code probability} (a value a class), {@code prediction} (number of the class)
 * and, where {@code topKCol} is set, the most probable classes with their names. Pictures are in
 * {@code featuresCol}: bytes of files, or structs of Spark's {@code image} source.
 *
 * <p>A saved one is a Convoy model folder, and a Convoy model or run folder can be loaded as one.
 */
public final class CnnModel extends Model<CnnModel>
    implements AskingStage<CnnModel>, AnsweringStage<CnnModel>, MLWritable {
  private static final double SMALLEST_PROBABILITY = 1e-30;

  // Without initial values: the superclass's constructor asks for the identifier first.
  private String uid;
  private final Asking asking;
  private final Answering answering;
  private final TrainedModel model;
  private final List<TrainingHistory.Epoch> history;

  CnnModel(String uid, TrainedModel model, List<TrainingHistory.Epoch> history) {
    this(Uid.announce(uid), model, history);
  }

  private CnnModel(Uid unused, TrainedModel model, List<TrainingHistory.Epoch> history) {
    this.model = model;
    this.history = history;
    asking = new Asking(this);
    answering = new Answering(this);
  }

  @Override
  public String uid() {
    if (uid == null) {
      uid = Uid.take("cnn_model");
    }
    return uid;
  }

  @Override
  public Asking asking() {
    return asking;
  }

  @Override
  public Answering answering() {
    return answering;
  }

  @Override
  public CnnModel self() {
    return this;
  }

  /** What {@code model.json} says of it. */
  public TrainedModel.Description description() {
    return model.description();
  }

  /** Names of the classes, by number. */
  public List<String> labels() {
    return model.description().labels().classNames();
  }

  /** How training went, an element an epoch; empty for a model that was loaded. */
  public List<Evaluation.CurvePoint> history() {
    return history.stream().map(TrainingHistory.Epoch::curvePoint).toList();
  }

  public int numClasses() {
    return labels().size();
  }

  /** Probabilities of a single picture. Slow; {@link #transform} is for many. */
  public Vector predictProbability(Picture picture) {
    try (PictureScorer scorer =
        new PictureScorer(List.of(member()), backend(), PictureRows.DEADLINE)) {
      return PictureRows.vector(scorer.probabilities(List.of(picture)).get(0).get(0));
    }
  }

  private static Vector raw(float[] probabilities) {
    double[] raw = new double[probabilities.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = Math.log(Math.max(probabilities[i], SMALLEST_PROBABILITY));
    }
    return Vectors.dense(raw);
  }

  private Member member() {
    return Member.of(uid(), model);
  }

  private String text(Param<String> param) {
    return getOrDefault(param);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    PictureColumn unused = PictureColumn.of(schema, text(featuresCol()));
    StructType result = schema;
    for (StructField field : appended()) {
      result = PictureRows.with(result, field);
    }
    return result;
  }

  private List<StructField> appended() {
    List<StructField> fields = new ArrayList<>();
    if (!text(rawPredictionCol()).isEmpty()) {
      fields.add(
          DataTypes.createStructField(text(rawPredictionCol()), SQLDataTypes.VectorType(), true));
    }
    if (!text(probabilityCol()).isEmpty()) {
      fields.add(
          DataTypes.createStructField(text(probabilityCol()), SQLDataTypes.VectorType(), true));
    }
    if (!text(predictionCol()).isEmpty()) {
      fields.add(
          new StructField(
              text(predictionCol()),
              DataTypes.DoubleType,
              true,
              // IndexToString finds the names here.
              NominalAttribute.defaultAttr()
                  .withName(text(predictionCol()))
                  .withValues(labels().toArray(String[]::new))
                  .toMetadata()));
    }
    String top = text(topKCol());
    if (!top.isEmpty()) {
      StructType choice =
          new StructType()
              .add("class", DataTypes.IntegerType, false)
              .add("name", DataTypes.StringType, false)
              .add("probability", DataTypes.DoubleType, false);
      fields.add(DataTypes.createStructField(top, DataTypes.createArrayType(choice, false), true));
    }
    return fields;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = dataset.schema();
    StructType result = transformSchema(schema);
    Columns columns =
        new Columns(
            !text(rawPredictionCol()).isEmpty(),
            !text(probabilityCol()).isEmpty(),
            !text(predictionCol()).isEmpty(),
            text(topKCol()).isEmpty() ? 0 : Math.min((int) getOrDefault(topK()), numClasses()),
            labels(),
            isDefined(thresholds()) ? boxed(getOrDefault(thresholds())) : List.of());
    return PictureRows.append(
        dataset,
        result,
        member(),
        backend(),
        new PictureRows.Plan(
            PictureColumn.of(schema, text(featuresCol())),
            schema.fieldIndex(text(featuresCol())),
            appended().size(),
            (int) getOrDefault(inferenceMinibatch()),
            invalid()),
        (scorer, pictures) ->
            scorer.probabilities(pictures).get(0).stream().map(columns::of).toList());
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  /**
   * Which columns are appended.
   *
   * @param top classes; 0 for no such column
   * @param thresholds one a class, or none
   */
  private record Columns(
      boolean raw,
      boolean probability,
      boolean prediction,
      int top,
      List<String> names,
      List<Double> thresholds)
      implements Serializable {

    Object[] of(float[] probabilities) {
      List<Object> values = new ArrayList<>();
      Vector wider = PictureRows.vector(probabilities);
      double[] wide = wider.toArray();
      if (raw) {
        values.add(CnnModel.raw(probabilities));
      }
      if (probability) {
        values.add(wider);
      }
      if (prediction) {
        values.add((double) predicted(wide));
      }
      if (top > 0) {
        values.add(
            IntStream.range(0, wide.length)
                .boxed()
                .sorted(Comparator.comparing((Integer c) -> -wide[c]))
                .limit(top)
                .map(c -> RowFactory.create(c, names.get(c), wide[c]))
                .toArray(Row[]::new));
      }
      return values.toArray();
    }

    /** The most probable class; with thresholds that of the largest p/t, as Spark's models do. */
    private int predicted(double[] probabilities) {
      int first = 0;
      double largest = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < probabilities.length; c++) {
        double threshold = thresholds.isEmpty() ? 1 : thresholds.get(c);
        double scaled =
            threshold == 0
                ? probabilities[c] == 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY
                : probabilities[c] / threshold;
        if (scaled > largest) {
          first = c;
          largest = scaled;
        }
      }
      return first;
    }
  }

  @Override
  public CnnModel copy(ParamMap extra) {
    return copyValues(new CnnModel(uid(), model, history), extra).setParent(parent());
  }

  @Override
  public MLWriter write() {
    return new Writer(this);
  }

  /** A Convoy model folder, with the parameters of the stage beside it. */
  private static final class Writer extends MLWriter {
    private final CnnModel stage;

    Writer(CnnModel stage) {
      this.stage = stage;
    }

    @Override
    public void saveImpl(String path) {
      TrainedModel.write(
          Location.onDefaultFileSystem(path), stage.model.description(), stage.model.parameters());
      DefaultParamsWriter.saveMetadata(stage, path, sc(), Option.empty(), Option.empty());
    }
  }

  public static MLReader<CnnModel> read() {
    return new Reader();
  }

  /**
   * A model that was saved, by a pipeline or by a job.
   *
   * @param path of a saved model, or of any model or run folder of Convoy's
   */
  public static CnnModel load(String path) {
    return read().load(path);
  }

  private static final class Reader extends MLReader<CnnModel> {
    @Override
    public CnnModel load(String path) {
      Location folder =
          TrainedModel.find(Location.onDefaultFileSystem(path).uri(), TrainedModel.Kind.BEST);
      TrainedModel model = TrainedModel.read(folder);
      if (!folder.child("metadata").exists()) {
        return new CnnModel(Uid.take("cnn_model"), model, List.of());
      }
      Metadata metadata =
          DefaultParamsReader.loadMetadata(folder.uri(), sc(), CnnModel.class.getName());
      CnnModel stage = new CnnModel(metadata.uid(), model, List.of());
      metadata.getAndSetParams(stage, Option.empty());
      return stage;
    }
  }
}
