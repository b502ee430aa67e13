package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Location;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.shards.PartitionOptions;
import convoy.data.sources.ImageSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Turns pictures, as the world keeps them, into a data set of shards. */
final class PartitionJob implements Job<PartitionJob.Config> {

  /** {@code conf/partition.yaml} explains each key. */
  record Config(
      ImageSource source,
      String output,
      boolean overwrite,
      PartitionOptions.Splits splits,
      PartitionOptions.Images images,
      int shardExamples,
      int rejectedImagesAllowed,
      long seed) {
    PartitionOptions options() {
      return new PartitionOptions(splits, images, shardExamples, rejectedImagesAllowed, seed);
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public boolean resumes() {
    return true;
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    Location output = Location.of(config.output());
    Checks.collect(problems, config::options);
    Checks.collect(problems, config.source()::requireThere);
    Checks.collect(problems, () -> DatasetPartitioner.requireFree(output, config.overwrite()));
    if (problems.isEmpty()) {
      problems.addAll(output.problemsWithWriting());
    }
    return problems;
  }

  @Override
  public void run(Config config, Context context) {
    Location output = Location.of(config.output());
    try (JavaSparkContext spark = SparkContexts.open("partition")) {
      DatasetPartitioner.Outcome outcome =
          new DatasetPartitioner(spark, config.options(), line -> context.out().println(line))
              .partition(config.source(), output, context.provenance(), config.overwrite());
      PartitionTable.print(output, outcome, context.out());
    }
  }
}
