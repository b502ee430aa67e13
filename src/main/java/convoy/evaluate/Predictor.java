package convoy.evaluate;

import convoy.cluster.ClusterJob;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.PictureShelf;
import convoy.data.shards.DatasetManifest;
import convoy.network.Backend;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Asks members about every example of a split, once each, in one Spark job. */
public final class Predictor {

  /**
   * What is asked.
   *
   * @param ensembles of the members; none is left where there is one member
   * @param views of each picture, whose answers are averaged
   * @param files folders (none or one) for tables of answers, CSV
   * @param scores folders (none or one) for tables of all members' probabilities, Parquet; for what
   *     is there already no member is asked
   */
  public record Question(
      List<Member> members,
      List<Ensemble> ensembles,
      ImageTransform.Viewing views,
      List<Location> files,
      List<Location> scores)
      implements Serializable {
    public Question {
      ensembles = members.size() > 1 ? ensembles : List.of();
    }

    /** Of members alone. */
    public static Question of(List<Member> members, List<Location> files) {
      return new Question(members, List.of(), ImageTransform.Viewing.CENTER, files, List.of());
    }

    /** Names of members, then of ensembles. */
    List<String> names() {
      return Stream.concat(
              members.stream().map(Member::name), ensembles.stream().map(Ensemble::name))
          .toList();
    }
  }

  /**
   * How it is done.
   *
   * @param tasks that share the split
   * @param minibatch examples that a network sees at a time
   * @param backend that networks run on
   */
  public record Options(int tasks, int minibatch, Duration deadline, Backend backend)
      implements Serializable {}

  private final JavaSparkContext spark;
  private final Options options;

  public Predictor(JavaSparkContext spark, Options options) {
    this.spark = spark;
    this.options = options;
  }

  /**
   * A tally a member, then one an ensemble.
   *
   * @param examplesDone is told about progress
   * @throws UserException if examples were left out
   */
  public List<Tally> ask(
      Broadcast<PictureShelf> pictures,
      String splitName,
      Question question,
      LongConsumer examplesDone) {
    DatasetManifest.Split split = pictures.value().split(splitName);
    int tasks = Math.max(1, Math.min(options.tasks(), split.examples()));
    Broadcast<Question> asked = spark.broadcast(question);
    try {
      List<PredictionTask> work = new ArrayList<>();
      for (int t = 0; t < tasks; t++) {
        int from = (int) ((long) split.examples() * t / tasks);
        int to = (int) ((long) split.examples() * (t + 1) / tasks);
        work.add(new PredictionTask(splitName, t, from, to, options, split.classCounts().size()));
      }
      List<List<Tally>> parts =
          ClusterJob.collect(
              spark,
              spark.parallelize(work, tasks).map(task -> task.run(pictures.value(), asked.value())),
              "the predictions",
              options.deadline(),
              done -> examplesDone.accept((long) split.examples() * done / tasks));
      List<Tally> whole = sum(parts, split.classCounts().size());
      for (Tally tally : whole) {
        if (tally.examples() != split.examples()) {
          throw new IllegalStateException(
              "%d of %d examples were scored".formatted(tally.examples(), split.examples()));
        }
      }
      return whole;
    } finally {
      ClusterJob.free(asked);
    }
  }

  static List<Tally> sum(List<List<Tally>> parts, int classes) {
    List<Tally> whole =
        IntStream.range(0, parts.get(0).size()).mapToObj(i -> new Tally(classes)).toList();
    for (List<Tally> part : parts) {
      IntStream.range(0, whole.size()).forEach(i -> whole.get(i).add(part.get(i)));
    }
    return whole;
  }
}
