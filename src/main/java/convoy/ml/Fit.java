package convoy.ml;

import convoy.cluster.SparkContexts;
import convoy.core.Digests;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.shards.LabelledPicture;
import convoy.data.shards.PartitionOptions;
import convoy.data.shards.PartitionOptions.Images;
import convoy.data.shards.PartitionOptions.SplitRule;
import convoy.data.shards.PartitionOptions.Splits;
import convoy.data.sources.LabelIndex;
import convoy.data.sources.SplitName;
import convoy.network.TrainedModel;
import convoy.train.Training;
import convoy.train.TrainingConfig;
import convoy.train.TrainingHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/** One fit: a data set of shards, a run on it, a model. */
final class Fit {
  private static final int SHARD_EXAMPLES = 1024;
  private static final int MOST_CLASSES = 100_000;

  private final CnnClassifier stage;
  private final Dataset<?> table;
  private final JavaSparkContext spark;

  Fit(CnnClassifier stage, Dataset<?> table) {
    this.stage = stage;
    this.table = table;
    this.spark = SparkContexts.of(table.sparkSession());
  }

  /** Refuses a table without what the parameters name. */
  static void requireColumns(CnnClassifier stage, StructType schema) {
    if (!(schema.apply(stage.value(stage.labelCol())).dataType() instanceof NumericType)) {
      throw new IllegalArgumentException(
          "Column %s must be of numeric type but was of type %s. Make numbers of names with StringIndexer."
              .formatted(
                  stage.value(stage.labelCol()),
                  schema.apply(stage.value(stage.labelCol())).dataType().catalogString()));
    }
    String indicator = stage.value(stage.validationIndicatorCol());
    if (!indicator.isEmpty() && !schema.apply(indicator).dataType().equals(DataTypes.BooleanType)) {
      throw new IllegalArgumentException(
          "Column %s must be of boolean type but was of type %s."
              .formatted(indicator, schema.apply(indicator).dataType().catalogString()));
    }
  }

  /** A schema with a column of the model, if it has a name. */
  static StructType appended(StructType schema, String column, boolean number) {
    if (column.isEmpty()) {
      return schema;
    }
    DataType type = number ? DataTypes.DoubleType : SQLDataTypes.VectorType();
    return PictureRows.with(schema, DataTypes.createStructField(column, type, true));
  }

  CnnModel run() {
    Location work = folder();
    try {
      Location dataset = work.child("dataset");
      Provenance provenance = Provenance.of(List.of("ml.CnnClassifier", stage.uid()));
      LabelIndex labels = labels();
      partitioner()
          .partition(
              pictures(labels.size()), "DataFrame of " + stage.uid(), labels, dataset, provenance);
      TrainingConfig config = TrainingConfig.of(List.of(), settings(dataset));
      UserException.throwIfAny(config.problems());
      RunFolder run = RunFolder.open(work.child("run"), "train", config, provenance);
      Printer printer =
          new Printer(
              (boolean) stage.<Object>value(stage.verbose()), config.training().plannedEpochs());
      var unused = Training.run(spark, config, run, printer);
      TrainedModel model = TrainedModel.read(run.file("models").child(text("epochTaken")));
      return new CnnModel(stage.uid(), model, List.copyOf(printer.history));
    } finally {
      if (!(boolean) stage.<Object>value(stage.keepWork())) {
        work.delete();
      }
    }
  }

  /** A folder of its own: several fits may work at the same time. */
  private Location folder() {
    String given = stage.value(stage.workFolder());
    String name = "convoy-fit-" + UUID.randomUUID();
    if (!given.isEmpty()) {
      return Location.of(given).child(name);
    }
    if (!spark.isLocal()) {
      throw new UserException(
          "Cannot fit on cluster %s: executors have to reach the shards. Call setWorkFolder with a folder that all of them reach (hdfs:, s3a:, a network file system)."
              .formatted(spark.master()));
    }
    try {
      return Location.of(Files.createTempDirectory("convoy").toString()).child(name);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot make a temporary folder", e);
    }
  }

  private DatasetPartitioner partitioner() {
    boolean strict = stage.invalid() == PictureRows.Invalid.ERROR;
    return new DatasetPartitioner(
        spark,
        new PartitionOptions(
            new Splits(SplitRule.HASH, 0, 0, Optional.empty()),
            new Images(
                Images.Color.valueOf(text("color").toUpperCase(Locale.ROOT)),
                Optional.empty(),
                0.9),
            SHARD_EXAMPLES,
            strict ? 0 : Integer.MAX_VALUE,
            (long) stage.<Object>value(stage.seed())),
        line -> {});
  }

  private String text(String param) {
    return String.valueOf(stage.value(stage.getParam(param)));
  }

  /** The names that StringIndexer left, or numbers. */
  private LabelIndex labels() {
    String column = stage.value(stage.labelCol());
    Attribute attribute = Attribute.fromStructField(table.schema().apply(column));
    if (attribute instanceof NominalAttribute nominal && nominal.values().isDefined()) {
      return named(Arrays.asList(nominal.values().get()));
    }
    Row largest =
        table
            .select(
                functions.max(functions.col(column).cast("double")),
                functions.min(functions.col(column).cast("double")),
                functions.sum(
                    functions
                        .when(
                            functions.floor(functions.col(column)).equalTo(functions.col(column)),
                            0)
                        .otherwise(1)))
            .first();
    if (largest.isNullAt(0)) {
      throw new UserException("Cannot fit: the DataFrame is empty. Give it rows.");
    }
    double last = largest.getDouble(0);
    if (largest.getDouble(1) < 0 || largest.getLong(2) > 0 || last >= MOST_CLASSES) {
      throw new UserException(
          "Cannot fit: %s has values from %s to %s. They must be whole numbers of classes, from 0 on; StringIndexer makes such."
              .formatted(column, largest.getDouble(1), last));
    }
    return named(IntStream.rangeClosed(0, (int) last).mapToObj(String::valueOf).toList());
  }

  private static LabelIndex named(List<String> names) {
    return new LabelIndex(names.stream().map(name -> new LabelIndex.Label(name, name)).toList());
  }

  private JavaRDD<LabelledPicture> pictures(int classes) {
    PictureColumn column = PictureColumn.of(table.schema(), stage.value(stage.featuresCol()));
    String indicator = stage.value(stage.validationIndicatorCol());
    double fraction = (double) stage.value(stage.validationFraction());
    boolean strict = stage.invalid() == PictureRows.Invalid.ERROR;
    List<Column> wanted = new ArrayList<>();
    wanted.add(functions.col(stage.value(stage.featuresCol())));
    wanted.add(functions.col(stage.value(stage.labelCol())).cast("double"));
    if (!indicator.isEmpty()) {
      wanted.add(functions.col(indicator));
    }
    return table
        .toDF()
        .select(wanted.toArray(Column[]::new))
        .toJavaRDD()
        .flatMap(
            row -> {
              try {
                byte[] file = column.file(row.get(0));
                int label = row.isNullAt(1) ? -1 : (int) row.getDouble(1);
                if (label < 0 || label >= classes || label != row.getDouble(1)) {
                  throw new UserException(
                      "Cannot fit: label %s is not one of %d classes. Index the labels again."
                          .formatted(row.get(1), classes));
                }
                boolean validates =
                    indicator.isEmpty()
                        ? Digests.position(file) < fraction
                        : !row.isNullAt(2) && row.getBoolean(2);
                return List.of(
                        new LabelledPicture(
                            validates ? SplitName.VALIDATION : SplitName.TRAIN, label, file))
                    .iterator();
              } catch (BrokenPictureException e) {
                if (strict) {
                  throw new UserException(
                      "Cannot fit: a picture of class %s %s. Set handleInvalid to skip."
                          .formatted(row.get(1), e.getMessage()),
                      e);
                }
                return List.<LabelledPicture>of().iterator();
              }
            });
  }

  private List<String> settings(Location dataset) {
    int channels = text("color").equals("gray") ? 1 : 3;
    String size = text("inputSize");
    List<String> settings =
        new ArrayList<>(
            List.of(
                "dataset=" + dataset,
                "network.input=[%d, %s, %s]".formatted(channels, size, size),
                "network.engine=" + text("engine"),
                "network.device=" + text("device"),
                "network.precision=" + text("precision"),
                "training.schedule=" + schedule()));
    PLAIN.forEach((param, key) -> settings.add(key + "=" + text(param)));
    if (!text("initialWeights").isEmpty()) {
      settings.add("network.weights=" + text("initialWeights"));
    }
    settings.addAll(List.of(stage.value(stage.settings())));
    return settings;
  }

  /** Parameters that are keys of {@code conf/train.yaml} as they stand. */
  private static final Map<String, String> PLAIN =
      Map.ofEntries(
          Map.entry("network", "network.architecture"),
          Map.entry("dropout", "network.dropout"),
          Map.entry("trainedLayers", "training.trained-layers"),
          Map.entry("otherLayersRate", "training.other-layers-rate"),
          Map.entry("epochs", "training.epochs"),
          Map.entry("workers", "training.workers"),
          Map.entry("minibatch", "training.minibatch"),
          Map.entry("minibatchesPerRound", "training.minibatches-per-round"),
          Map.entry("momentum", "training.momentum"),
          Map.entry("weightDecay", "training.weight-decay"),
          Map.entry("crop", "augmentation.crop"),
          Map.entry("cropFraction", "crop-fraction"),
          Map.entry("padding", "augmentation.padding"),
          Map.entry("mirror", "augmentation.mirror"),
          Map.entry("seed", "seed"),
          Map.entry("cacheMebibytes", "cache-mebibytes"));

  private String schedule() {
    String rate = text("learningRate");
    return switch (text("schedule")) {
      case "constant", "cosine" ->
          "{type: %s, learning-rate: %s, warmup-epochs: %s}"
              .formatted(text("schedule"), rate, text("warmupEpochs"));
      case "plateau" ->
          "{type: plateau, learning-rate: %s, factor: 0.1, patience: 3, smallest: 0, warmup-epochs: %s}"
              .formatted(rate, text("warmupEpochs"));
      default -> text("schedule");
    };
  }

  /** Keeps the history, and prints it if that is wanted. */
  private static final class Printer implements Training.Listener {
    private final boolean prints;
    private final int epochs;
    private final List<TrainingHistory.Epoch> history = new ArrayList<>();

    Printer(boolean prints, int epochs) {
      this.prints = prints;
      this.epochs = epochs;
    }

    @Override
    public void message(String text) {
      if (prints) {
        System.err.print(text);
      }
    }

    @Override
    public void epoch(TrainingHistory.Epoch epoch) {
      history.add(epoch);
      message(epoch.line(epochs) + System.lineSeparator());
    }
  }
}
