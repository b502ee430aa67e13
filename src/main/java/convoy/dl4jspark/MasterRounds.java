package convoy.dl4jspark;

import convoy.cluster.ClusterJob;
import convoy.core.UserException;
import convoy.data.reading.EpochPlan;
import convoy.data.reading.MinibatchReader;
import convoy.data.reading.PictureShelf;
import convoy.data.sources.SplitName;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.Optimizer;
import convoy.network.dl4j.Examples;
import convoy.network.dl4j.SteppingGraph;
import convoy.rounds.DriverRounds;
import convoy.rounds.EpochWork;
import convoy.rounds.MomentumRule;
import convoy.rounds.Position;
import convoy.rounds.TrainingTask;
import convoy.rounds.Transport;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.TaskCompletionListener;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * Rounds by dl4j-spark's own {@code ParameterAveragingTrainingMaster}: a round is one of its fits,
 * on the examples that the epoch's plan gives each worker, in as many minibatches. It is not
 * Convoy's round to the bit: a worker's examples are cut anew into minibatches of one size, with a
 * smaller one at the end; the mean counts workers, not examples; sums are in the order in which
 * workers end; masks of dropout are drawn by Deeplearning4j.
 */
final class MasterRounds extends DriverRounds {
  private final JavaSparkContext spark;
  private final Broadcast<TrainingTask> task;
  private final Broadcast<PictureShelf> pictures;
  private final Losses losses;
  private SteppingGraph graph;

  /** How {@code training.averaging} finds it. */
  public static final class Maker implements Foreign {
    @Override
    public Transport of(
        JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
      return new MasterRounds(spark, task, pictures);
    }
  }

  private MasterRounds(
      JavaSparkContext spark, Broadcast<TrainingTask> task, Broadcast<PictureShelf> pictures) {
    super(task.value());
    this.spark = spark;
    this.task = task;
    this.pictures = pictures;
    losses = new Losses(spark);
  }

  @Override
  protected void begin(EpochWork epoch, ModelState state) {
    Network.Step step = epoch.step();
    double momentum = ((Optimizer.Sgd) step.optimizer()).momentum();
    graph = new SteppingGraph(task.value().network(), momentum, step.weightDecay());
    graph.restore(state);
  }

  /** A run that is stopped here goes on to the same bits: this one goes on from there, too. */
  @Override
  protected ModelState state() {
    ModelState state = graph.state();
    graph.restore(state);
    return state;
  }

  @Override
  protected Seen round(EpochWork epoch, EpochPlan plan, Position position) {
    int round = position.round();
    graph.learningRate(epoch.learningRates()[round]);
    List<List<int[]>> slices =
        IntStream.range(0, plan.workers())
            .mapToObj(worker -> List.copyOf(plan.slice(round, worker)))
            .toList();
    int largest =
        slices.stream().flatMap(List::stream).mapToInt(some -> some.length).max().orElseThrow();
    JavaRDD<MultiDataSet> examples = examples(epoch, slices);
    losses.begin();
    try (Master master =
        new Master(
            plan.workers(),
            largest,
            epoch.layout().minibatchesPerRound(),
            task.value().rules().momentum() == MomentumRule.AVERAGE)) {
      master.setListeners(List.of(losses));
      var trained = new SparkComputationGraph(spark, graph.graph(), master);
      ClusterJob.within(
          spark,
          position.toString(),
          task.value().deadline(),
          () -> trained.fitMultiDataSet(examples));
    } finally {
      // The master keeps them.
      examples.unpersist(false);
    }
    Seen seen = losses.seen();
    if (!Double.isFinite(seen.lossSum())) {
      throw new UserException(
          "Cannot go on training: the loss is %s in %s. Lower the learning rate."
              .formatted(seen.lossSum(), position));
    }
    return seen;
  }

  /** A partition a worker. */
  private JavaRDD<MultiDataSet> examples(EpochWork epoch, List<List<int[]>> slices) {
    Broadcast<TrainingTask> shared = task;
    Broadcast<PictureShelf> shelf = pictures;
    return spark
        .parallelize(slices, slices.size())
        .flatMap(slice -> minibatches(shared.value(), shelf.value(), epoch, slice));
  }

  private static Iterator<MultiDataSet> minibatches(
      TrainingTask task, PictureShelf pictures, EpochWork epoch, List<int[]> slice) {
    MinibatchReader reader =
        new MinibatchReader(
            pictures.store(SplitName.TRAIN),
            EpochWork.inputs(task.augmenter(), task.seed(), epoch.number()),
            slice);
    var unused =
        TaskContext.get()
            .addTaskCompletionListener((TaskCompletionListener) context -> reader.close());
    Examples examples = new Examples(task.network());
    double smoothing = epoch.step().loss().smoothing();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return reader.hasNext();
      }

      @Override
      public MultiDataSet next() {
        return examples.of(reader.next(), smoothing);
      }
    };
  }
}
