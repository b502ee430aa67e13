package convoy.dl4jspark;

import convoy.cluster.ClusterJob;
import convoy.cluster.Gauge;
import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.rounds.MeetingPoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.TrainingResult;
import org.deeplearning4j.spark.api.TrainingWorker;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Parameter averaging for programs that are written for dl4j-spark, in the place of its {@code
 * ParameterAveragingTrainingMaster}: workers are tasks for a whole {@code fit}, and average among
 * themselves; the mean is weighted by examples. Builders have the same methods, as far as they mean
 * something here.
 *
 * <p>All workers run at the same time, on connections of their own that are neither authenticated
 * nor encrypted. When one is lost, the fit begins again, at most three times. What is not supported
 * (hooks, statistics, training from paths) is refused.
 */
public final class ConvoyTrainingMaster
    implements TrainingMaster<TrainingResult, TrainingWorker<TrainingResult>> {
  /**
   * How to train.
   *
   * @param workers 0: as many as there are slots
   * @param dataSetExamples in each element of the RDD
   * @param averageUpdaters whether the updaters' state (momentum) is averaged, too
   * @param repartition whether examples are dealt anew, a part for each worker
   * @param meetingFolder that all executors can read and write; empty where they are this JVM
   * @param deadlineSeconds of every wait for the others
   */
  record Settings(
      int workers,
      int dataSetExamples,
      int batchSizePerWorker,
      int averagingFrequency,
      boolean averageUpdaters,
      boolean repartition,
      String meetingFolder,
      long deadlineSeconds) {
    Settings {
      new Checks()
          .atLeast(0, "workers", workers)
          .atLeast(1, "dataSetExamples", dataSetExamples)
          .atLeast(1, "batchSizePerWorker", batchSizePerWorker)
          .atLeast(1, "averagingFrequency", averagingFrequency)
          .that(deadlineSeconds >= 1, "deadlineSeconds", deadlineSeconds, "must be at least 1")
          .done();
    }
  }

  /** Settings, by the names of {@code ParameterAveragingTrainingMaster.Builder}. */
  public static final class Builder {
    private final int workers;
    private final int dataSetExamples;
    private int batchSizePerWorker = 16;
    private int averagingFrequency = 5;
    private boolean saveUpdater = true;
    private boolean repartition = true;
    private String meetingFolder = "";
    private Duration deadline = Duration.ofHours(1);

    /** As many workers as there are slots. */
    public Builder(int rddDataSetNumExamples) {
      this(0, rddDataSetNumExamples);
    }

    /**
     * @param rddDataSetNumExamples examples in each element of the RDD
     */
    public Builder(int numWorkers, int rddDataSetNumExamples) {
      workers = numWorkers;
      dataSetExamples = rddDataSetNumExamples;
    }

    /** Examples of one step of one worker. */
    public Builder batchSizePerWorker(int examples) {
      batchSizePerWorker = examples;
      return this;
    }

    /** Steps between two averagings. */
    public Builder averagingFrequency(int steps) {
      averagingFrequency = steps;
      return this;
    }

    /** Whether the updaters' state is averaged; otherwise each worker keeps its own. */
    public Builder saveUpdater(boolean averaged) {
      saveUpdater = averaged;
      return this;
    }

    /**
     * Whether examples are dealt anew for each fit; otherwise the RDD has a partition for each
     * worker, and is no union or coalescing of others.
     */
    public Builder repartition(boolean anew) {
      repartition = anew;
      return this;
    }

    /** A folder of a file system that all executors reach; needed on clusters. */
    public Builder meetingFolder(String folder) {
      meetingFolder = folder;
      return this;
    }

    /** Of every wait for the other workers. */
    public Builder deadline(Duration longest) {
      deadline = longest;
      return this;
    }

    public ConvoyTrainingMaster build() {
      return new ConvoyTrainingMaster(
          new Settings(
              workers,
              dataSetExamples,
              batchSizePerWorker,
              averagingFrequency,
              saveUpdater,
              repartition,
              meetingFolder,
              deadline.toSeconds()));
    }
  }

  private final Settings settings;
  private List<TrainingListener> listeners = List.of();

  private ConvoyTrainingMaster(Settings settings) {
    this.settings = settings;
  }

  @Override
  public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> examples) {
    Replica.State end =
        train(
            network.getSparkContext(),
            examples.map(DataSet::toMultiDataSet),
            Replica.State.of(network.getNetwork()));
    end.giveTo(network.getNetwork());
    network.setScore(end.score());
    listeners.forEach(listener -> tell(listener, network.getNetwork(), end));
  }

  @Override
  public void executeTraining(SparkComputationGraph network, JavaRDD<DataSet> examples) {
    executeTrainingMDS(network, examples.map(DataSet::toMultiDataSet));
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph network, JavaRDD<MultiDataSet> examples) {
    Replica.State end =
        train(network.getSparkContext(), examples, Replica.State.of(network.getNetwork()));
    end.giveTo(network.getNetwork());
    network.setScore(end.score());
    listeners.forEach(listener -> tell(listener, network.getNetwork(), end));
  }

  private static void tell(
      TrainingListener listener, org.deeplearning4j.nn.api.Model model, Replica.State end) {
    listener.iterationDone(model, end.iterations(), end.epochs());
  }

  private Replica.State train(
      JavaSparkContext spark, JavaRDD<MultiDataSet> examples, Replica.State begin) {
    requireOpen(spark);
    int wanted = settings.workers() == 0 ? SparkContexts.slots(spark) : settings.workers();
    int slots = SparkContexts.awaitSlots(spark, wanted);
    if (wanted > slots) {
      throw new UserException(
          "Cannot train %d workers at the same time on %d slots (cores of the cluster). Ask for %d workers."
              .formatted(wanted, slots, slots));
    }
    JavaRDD<MultiDataSet> parts = settings.repartition() ? examples.repartition(wanted) : examples;
    Broadcast<Replica.State> state = spark.broadcast(begin);
    try {
      for (int losses = 0; ; losses++) {
        MeetingPoint meeting = meetingPoint(spark);
        meeting.open();
        try {
          return end(spark, parts, state, meeting);
        } catch (ClusterJob.TasksLostException e) {
          if (losses == ClusterJob.RETRIES) {
            throw new UserException(e.getMessage(), e);
          }
        } finally {
          meeting.close();
        }
      }
    } finally {
      ClusterJob.free(state);
    }
  }

  private static void requireOpen(JavaSparkContext spark) {
    for (String setting : List.of("spark.authenticate", "spark.dynamicAllocation.enabled")) {
      if (spark.getConf().getBoolean(setting, false)) {
        throw new UserException(
            "Cannot bring workers together where %s is on: their connections are open, and all of them run at the same time. Turn it off, or train with ParameterAveragingTrainingMaster."
                .formatted(setting));
      }
    }
  }

  /** Elements of the RDD that make a step. */
  private int elements() {
    return Math.max(1, settings.batchSizePerWorker() / settings.dataSetExamples());
  }

  private Replica.State end(
      JavaSparkContext spark,
      JavaRDD<MultiDataSet> parts,
      Broadcast<Replica.State> begin,
      MeetingPoint meeting) {
    Gauge gauge = Gauge.shown(spark);
    Duration deadline = Duration.ofSeconds(settings.deadlineSeconds());
    Averaging averaging =
        new Averaging(
            begin,
            elements(),
            settings.averagingFrequency(),
            settings.averageUpdaters(),
            deadline,
            meeting,
            gauge);
    List<Averaging.End> ends =
        ClusterJob.together(
            spark,
            parts,
            averaging::run,
            "the fit",
            new ClusterJob.Watch(gauge, values -> {}, deadline));
    UserException.throwIfAny(
        ends.stream().flatMap(end -> end.failures().stream()).limit(1).toList());
    return ends.stream().flatMap(end -> end.state().stream()).findFirst().orElseThrow();
  }

  private MeetingPoint meetingPoint(JavaSparkContext spark) {
    String folder = settings.meetingFolder();
    if (folder.isEmpty()) {
      if (!spark.isLocal()) {
        throw new UserException(
            "Cannot bring workers together on %s: they have no folder in common. Name one that all executors reach with meetingFolder."
                .formatted(spark.master()));
      }
      folder = Path.of(System.getProperty("java.io.tmpdir")).toString();
    }
    return MeetingPoint.in(Location.of(folder));
  }

  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer network,
      SparkComputationGraph graph,
      JavaRDD<String> paths,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    throw unsupported("training from paths");
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("ConvoyTrainingMaster has no " + what);
  }

  @Override
  public void removeHook(TrainingHook hook) {
    throw unsupported("hooks");
  }

  @Override
  public void addHook(TrainingHook hook) {
    throw unsupported("hooks");
  }

  @Override
  public String toJson() {
    return Documents.toJson(settings);
  }

  @Override
  public String toYaml() {
    return Documents.toYaml(settings);
  }

  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkDl4jMultiLayer network) {
    throw unsupported("workers to be asked for");
  }

  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkComputationGraph network) {
    throw unsupported("workers to be asked for");
  }

  @Override
  public void setCollectTrainingStats(boolean collect) {
    if (collect) {
      throw unsupported("training statistics");
    }
  }

  @Override
  public boolean getIsCollectTrainingStats() {
    return false;
  }

  @Override
  public SparkTrainingStats getTrainingStats() {
    throw unsupported("training statistics");
  }

  /** They are told after each fit, of the averaged network. */
  @Override
  public void setListeners(Collection<TrainingListener> some) {
    listeners = List.copyOf(some);
  }

  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> some) {
    if (router != null) {
      throw unsupported("storage of statistics");
    }
    setListeners(some);
  }

  /** There are none. */
  @Override
  public boolean deleteTempFiles(JavaSparkContext spark) {
    return true;
  }

  /** There are none. */
  @Override
  public boolean deleteTempFiles(SparkContext spark) {
    return true;
  }
}
