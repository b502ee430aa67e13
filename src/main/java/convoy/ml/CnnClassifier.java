package convoy.ml;

import java.util.List;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;

/**
 * Trains a convolutional network on a DataFrame: pictures in {@code featuresCol} (bytes of files,
 * or the structs of Spark's {@code image} source), numbers of classes from 0 on in {@code
 * labelCol}, as {@code StringIndexer} gives them. It makes of them a data set of shards and trains
 * on it by parameter averaging, as the jobs do; the model is that of the epoch with the lowest
 * validation error. The same pictures, parameters and seed give the same model, in whatever order
 * and partitions they come.
 */
public final class CnnClassifier extends Estimator<CnnModel>
    implements AskingStage<CnnClassifier>, AnsweringStage<CnnClassifier>, DefaultParamsWritable {

  // Without an initial value: the superclass's constructor asks for the identifier first.
  private String uid;
  private final Asking asking;
  private final Answering answering;
  private final Param<String> labelCol;
  private final Param<String> network;
  private final IntParam inputSize;
  private final Param<String> color;
  private final DoubleParam dropout;
  private final Param<String> initialWeights;
  private final Param<String> trainedLayers;
  private final DoubleParam otherLayersRate;
  private final IntParam epochs;
  private final IntParam workers;
  private final IntParam minibatch;
  private final IntParam minibatchesPerRound;
  private final DoubleParam momentum;
  private final DoubleParam weightDecay;
  private final Param<String> schedule;
  private final DoubleParam learningRate;
  private final DoubleParam warmupEpochs;
  private final Param<String> crop;
  private final DoubleParam cropFraction;
  private final IntParam padding;
  private final BooleanParam mirror;
  private final DoubleParam validationFraction;
  private final Param<String> validationIndicatorCol;
  private final Param<String> epochTaken;
  private final LongParam seed;
  private final IntParam cacheMebibytes;
  private final StringArrayParam settings;
  private final Param<String> workFolder;
  private final BooleanParam keepWork;
  private final BooleanParam verbose;

  public CnnClassifier() {
    this((Uid) null);
  }

  public CnnClassifier(String uid) {
    this(Uid.announce(uid));
  }

  private CnnClassifier(Uid unused) {
    asking = new Asking(this);
    answering = new Answering(this);
    labelCol = new Param<>(this, "labelCol", "column with numbers of classes, from 0 on");
    setDefault(labelCol, "label");
    network = new Param<>(this, "network", "architecture, one of those that conf/train.yaml lists");
    setDefault(network, "lenet");
    inputSize =
        new IntParam(
            this,
            "inputSize",
            "height and width that pictures are brought to, pixels (at least 1)",
            ParamValidators.gtEq(1));
    setDefault(inputSize, 32);
    color =
        new Param<>(
            this,
            "color",
            "channels of the input: rgb or gray",
            ParamValidators.inArray(new String[] {"rgb", "gray"}));
    setDefault(color, "rgb");
    dropout =
        new DoubleParam(
            this,
            "dropout",
            "probability, 0 to 0.95, in networks that have dropout",
            ParamValidators.inRange(0, 0.95));
    setDefault(dropout, 0.5);
    initialWeights =
        new Param<>(
            this,
            "initialWeights",
            "run, model folder or .safetensors file to begin with; empty for random weights");
    setDefault(initialWeights, "");
    trainedLayers =
        new Param<>(this, "trainedLayers", "layers that are trained: all, head, or from=NAME");
    setDefault(trainedLayers, "all");
    otherLayersRate =
        new DoubleParam(
            this,
            "otherLayersRate",
            "learning rate of the other layers in parts of learningRate, 0 (frozen) to 1",
            ParamValidators.inRange(0, 1));
    setDefault(otherLayersRate, 0.0);
    epochs =
        new IntParam(
            this,
            "epochs",
            "times that all pictures are seen (at least 1)",
            ParamValidators.gtEq(1));
    setDefault(epochs, 10);
    workers =
        new IntParam(
            this,
            "workers",
            "replicas that train at the same time, one on a slot of the cluster (at least 1)",
            ParamValidators.gtEq(1));
    setDefault(workers, 2);
    minibatch =
        new IntParam(
            this,
            "minibatch",
            "pictures of one step of one worker (at least 1)",
            ParamValidators.gtEq(1));
    setDefault(minibatch, 32);
    minibatchesPerRound =
        new IntParam(
            this,
            "minibatchesPerRound",
            "steps of each worker between two averagings (at least 1)",
            ParamValidators.gtEq(1));
    setDefault(minibatchesPerRound, 8);
    momentum =
        new DoubleParam(
            this, "momentum", "of the steps, 0 to 0.9999", ParamValidators.inRange(0, 0.9999));
    setDefault(momentum, 0.9);
    weightDecay =
        new DoubleParam(
            this, "weightDecay", "L2 on weights, 0 to 1", ParamValidators.inRange(0, 1));
    setDefault(weightDecay, 5e-4);
    schedule =
        new Param<>(
            this,
            "schedule",
            "of the learning rate: constant, cosine (to 0), plateau (divided by 10 after 3 epochs without a new best), or a block of YAML as in conf/train.yaml");
    setDefault(schedule, "constant");
    learningRate =
        new DoubleParam(
            this, "learningRate", "highest learning rate, above 0", ParamValidators.gt(0));
    setDefault(learningRate, 0.01);
    warmupEpochs =
        new DoubleParam(
            this,
            "warmupEpochs",
            "at the beginning, in which the rate rises; of a schedule that is named by one word",
            ParamValidators.gtEq(0));
    setDefault(warmupEpochs, 0.0);
    crop =
        new Param<>(
            this,
            "crop",
            "how training crops: center, random, random-resized",
            ParamValidators.inArray(new String[] {"center", "random", "random-resized"}));
    setDefault(crop, "random");
    cropFraction =
        new DoubleParam(
            this,
            "cropFraction",
            "side of the crop in parts of the short side, 0.1 to 1",
            ParamValidators.inRange(0.1, 1));
    setDefault(cropFraction, 1.0);
    padding =
        new IntParam(
            this,
            "padding",
            "black pixels around a picture before a random crop (at least 0)",
            ParamValidators.gtEq(0));
    setDefault(padding, 0);
    mirror =
        new BooleanParam(
            this, "mirror", "whether training mirrors left and right with probability one half");
    setDefault(mirror, true);
    validationFraction =
        new DoubleParam(
            this,
            "validationFraction",
            "part of the pictures, above 0 to 0.9, that decides which epoch is the best; by a digest of their content",
            ParamValidators.inRange(0, 0.9, false, true));
    setDefault(validationFraction, 0.1);
    validationIndicatorCol =
        new Param<>(
            this,
            "validationIndicatorCol",
            "boolean column that is true for pictures of the validation part; empty to use validationFraction");
    setDefault(validationIndicatorCol, "");
    epochTaken =
        new Param<>(
            this,
            "epochTaken",
            "whose weights the model has: best (the first of the lowest validation error) or last",
            ParamValidators.inArray(new String[] {"best", "last"}));
    setDefault(epochTaken, "best");
    seed =
        new LongParam(
            this, "seed", "of the first weights, the order of pictures, augmentation and dropout");
    setDefault(seed, 1L);
    cacheMebibytes =
        new IntParam(
            this,
            "cacheMebibytes",
            "of decoded pictures kept in the heap of each executor, MiB (at least 0)",
            ParamValidators.gtEq(0));
    setDefault(cacheMebibytes, 256);
    settings =
        new StringArrayParam(
            this, "settings", "any keys of conf/train.yaml, each key=value, laid over all else");
    setDefault(settings, new String[0]);
    workFolder =
        new Param<>(
            this,
            "workFolder",
            "folder that all executors reach, for the data set and the run while fit works; empty takes a temporary one of this machine, which serves where Spark runs on it alone");
    setDefault(workFolder, "");
    keepWork =
        new BooleanParam(
            this,
            "keepWork",
            "whether what is in workFolder stays: a data set and a run as the jobs make them");
    setDefault(keepWork, false);
    verbose =
        new BooleanParam(
            this, "verbose", "whether fit prints a line an epoch to the standard error stream");
    setDefault(verbose, true);
  }

  @Override
  public String uid() {
    if (uid == null) {
      uid = Uid.take("cnn_classifier");
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
  public CnnClassifier self() {
    return this;
  }

  /** Architecture, one of those that conf/train.yaml lists. */
  public Param<String> network() {
    return network;
  }

  /** Height and width that pictures are brought to, pixels (at least 1). */
  public IntParam inputSize() {
    return inputSize;
  }

  /** Channels of the input: rgb or gray. */
  public Param<String> color() {
    return color;
  }

  /** Probability, 0 to 0.95, in networks that have dropout. */
  public DoubleParam dropout() {
    return dropout;
  }

  /** Run, model folder or .safetensors file to begin with; empty for random weights. */
  public Param<String> initialWeights() {
    return initialWeights;
  }

  /** Layers that are trained: all, head, or from=NAME. */
  public Param<String> trainedLayers() {
    return trainedLayers;
  }

  /** Learning rate of the other layers in parts of learningRate, 0 (frozen) to 1. */
  public DoubleParam otherLayersRate() {
    return otherLayersRate;
  }

  /** Times that all pictures are seen (at least 1). */
  public IntParam epochs() {
    return epochs;
  }

  /** Replicas that train at the same time, one on a slot of the cluster (at least 1). */
  public IntParam workers() {
    return workers;
  }

  /** Pictures of one step of one worker (at least 1). */
  public IntParam minibatch() {
    return minibatch;
  }

  /** Steps of each worker between two averagings (at least 1). */
  public IntParam minibatchesPerRound() {
    return minibatchesPerRound;
  }

  /** Of the steps, 0 to 0.9999. */
  public DoubleParam momentum() {
    return momentum;
  }

  /** L2 on weights, 0 to 1. */
  public DoubleParam weightDecay() {
    return weightDecay;
  }

  /**
   * Of the learning rate: constant, cosine (to 0), plateau (divided by 10 after 3 epochs without a
   * new best), or a block of YAML as in conf/train.yaml.
   */
  public Param<String> schedule() {
    return schedule;
  }

  /** Highest learning rate, above 0. */
  public DoubleParam learningRate() {
    return learningRate;
  }

  /** At the beginning, in which the rate rises; of a schedule that is named by one word. */
  public DoubleParam warmupEpochs() {
    return warmupEpochs;
  }

  /** How training crops: center, random, random-resized. */
  public Param<String> crop() {
    return crop;
  }

  /** Side of the crop in parts of the short side, 0.1 to 1. */
  public DoubleParam cropFraction() {
    return cropFraction;
  }

  /** Black pixels around a picture before a random crop (at least 0). */
  public IntParam padding() {
    return padding;
  }

  /** Whether training mirrors left and right with probability one half. */
  public BooleanParam mirror() {
    return mirror;
  }

  /**
   * Part of the pictures, above 0 to 0.9, that decides which epoch is the best; by a digest of
   * their content.
   */
  public DoubleParam validationFraction() {
    return validationFraction;
  }

  /**
   * Boolean column that is true for pictures of the validation part; empty to use
   * validationFraction.
   */
  public Param<String> validationIndicatorCol() {
    return validationIndicatorCol;
  }

  /** Whose weights the model has: best or last. */
  public Param<String> epochTaken() {
    return epochTaken;
  }

  /** Of the first weights, the order of pictures, augmentation and dropout. */
  public LongParam seed() {
    return seed;
  }

  /** Of decoded pictures kept in the heap of each executor, MiB (at least 0). */
  public IntParam cacheMebibytes() {
    return cacheMebibytes;
  }

  /** Any keys of conf/train.yaml, each key=value, laid over all else. */
  public StringArrayParam settings() {
    return settings;
  }

  /**
   * Folder that all executors reach, for the data set and the run while fit works; empty takes a
   * temporary one of this machine, which serves where Spark runs on it alone.
   */
  public Param<String> workFolder() {
    return workFolder;
  }

  /** Whether what is in workFolder stays: a data set and a run as the jobs make them. */
  public BooleanParam keepWork() {
    return keepWork;
  }

  /** Whether fit prints a line an epoch to the standard error stream. */
  public BooleanParam verbose() {
    return verbose;
  }

  /** Column with numbers of classes. */
  public Param<String> labelCol() {
    return labelCol;
  }

  public CnnClassifier setNetwork(String value) {
    set(network, value);
    return this;
  }

  public CnnClassifier setInputSize(int value) {
    set(inputSize, value);
    return this;
  }

  public CnnClassifier setColor(String value) {
    set(color, value);
    return this;
  }

  public CnnClassifier setDropout(double value) {
    set(dropout, value);
    return this;
  }

  public CnnClassifier setInitialWeights(String value) {
    set(initialWeights, value);
    return this;
  }

  public CnnClassifier setTrainedLayers(String value) {
    set(trainedLayers, value);
    return this;
  }

  public CnnClassifier setOtherLayersRate(double value) {
    set(otherLayersRate, value);
    return this;
  }

  public CnnClassifier setEpochs(int value) {
    set(epochs, value);
    return this;
  }

  public CnnClassifier setWorkers(int value) {
    set(workers, value);
    return this;
  }

  public CnnClassifier setMinibatch(int value) {
    set(minibatch, value);
    return this;
  }

  public CnnClassifier setMinibatchesPerRound(int value) {
    set(minibatchesPerRound, value);
    return this;
  }

  public CnnClassifier setMomentum(double value) {
    set(momentum, value);
    return this;
  }

  public CnnClassifier setWeightDecay(double value) {
    set(weightDecay, value);
    return this;
  }

  public CnnClassifier setSchedule(String value) {
    set(schedule, value);
    return this;
  }

  public CnnClassifier setLearningRate(double value) {
    set(learningRate, value);
    return this;
  }

  public CnnClassifier setWarmupEpochs(double value) {
    set(warmupEpochs, value);
    return this;
  }

  public CnnClassifier setCrop(String value) {
    set(crop, value);
    return this;
  }

  public CnnClassifier setCropFraction(double value) {
    set(cropFraction, value);
    return this;
  }

  public CnnClassifier setPadding(int value) {
    set(padding, value);
    return this;
  }

  public CnnClassifier setMirror(boolean value) {
    set(mirror, value);
    return this;
  }

  public CnnClassifier setValidationFraction(double value) {
    set(validationFraction, value);
    return this;
  }

  public CnnClassifier setValidationIndicatorCol(String value) {
    set(validationIndicatorCol, value);
    return this;
  }

  public CnnClassifier setEpochTaken(String value) {
    set(epochTaken, value);
    return this;
  }

  public CnnClassifier setSeed(long value) {
    set(seed, value);
    return this;
  }

  public CnnClassifier setCacheMebibytes(int value) {
    set(cacheMebibytes, value);
    return this;
  }

  public CnnClassifier setSettings(String[] value) {
    set(settings, value);
    return this;
  }

  public CnnClassifier setWorkFolder(String value) {
    set(workFolder, value);
    return this;
  }

  public CnnClassifier setKeepWork(boolean value) {
    set(keepWork, value);
    return this;
  }

  public CnnClassifier setVerbose(boolean value) {
    set(verbose, value);
    return this;
  }

  public CnnClassifier setLabelCol(String value) {
    set(labelCol, value);
    return this;
  }

  @Override
  public StructType transformSchema(StructType schema) {
    PictureColumn unused = PictureColumn.of(schema, value(featuresCol()));
    Fit.requireColumns(this, schema);
    StructType result = schema;
    for (Param<String> column : List.of(rawPredictionCol(), probabilityCol(), predictionCol())) {
      result = Fit.appended(result, value(column), column.equals(predictionCol()));
    }
    return result;
  }

  /**
   * Trains.
   *
   * @throws IllegalArgumentException if a column is missing or of another type than it has to be
   * @throws convoy.core.UserException for everything else that the caller can mend
   */
  @Override
  public CnnModel fit(Dataset<?> dataset) {
    StructType unused = transformSchema(dataset.schema());
    CnnModel model = new Fit(this, dataset).run();
    return copyValues(model.setParent(this), ParamMap.empty());
  }

  <T> T value(Param<T> param) {
    return getOrDefault(param);
  }

  @Override
  public CnnClassifier copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public static MLReader<CnnClassifier> read() {
    return new DefaultParamsReader<>();
  }

  public static CnnClassifier load(String path) {
    return read().load(path);
  }
}
