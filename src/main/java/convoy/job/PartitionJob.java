package convoy.job;

import convoy.cluster.SparkContexts;
import convoy.core.Checks;
import convoy.core.Location;
import convoy.data.DatasetManifest;
import convoy.data.DatasetPartitioner;
import convoy.data.ImageSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Turns pictures, as the world keeps them, into a data set of shards. */
final class PartitionJob implements Job<PartitionJob.Config> {

  /** {@code conf/partition.yaml} explains each key. */
  record Config(
      ImageSource source,
      String output,
      DatasetPartitioner.Splits splits,
      DatasetPartitioner.Images images,
      int shardExamples,
      int rejectedImagesAllowed,
      long seed) {
    Config {
      new Checks()
          .atLeast(1, "shard-examples", shardExamples)
          .atLeast(0, "rejected-images-allowed", rejectedImagesAllowed)
          .done();
    }
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public List<String> problems(Config config) {
    List<String> problems = new ArrayList<>();
    Location source = Location.of(config.source().path());
    Location output = Location.of(config.output());
    if (!source.exists()) {
      problems.add(
          "Cannot read pictures from %s: it does not exist. Check source.path.".formatted(source));
    }
    if (output.child(DatasetManifest.FILE).exists()) {
      problems.add(
          "Cannot write data set %s: there is a complete one. Delete it or name another output."
              .formatted(output));
    } else {
      problems.addAll(output.problemsWithWriting());
    }
    return problems;
  }

  @Override
  public void run(Config config, Context context) {
    DatasetPartitioner.Options options =
        new DatasetPartitioner.Options(
            config.splits(),
            config.images(),
            config.shardExamples(),
            config.rejectedImagesAllowed(),
            config.seed());
    Location output = Location.of(config.output());
    try (JavaSparkContext spark = SparkContexts.open("partition")) {
      DatasetManifest manifest =
          new DatasetPartitioner(spark, options)
              .partition(config.source(), output, context.provenance());
      context
          .out()
          .printf(
              "Data set %s: %d classes, %d rejected%n",
              output, manifest.labels().size(), manifest.rejected());
      manifest
          .splits()
          .forEach(
              (name, split) ->
                  context
                      .out()
                      .printf(
                          "  %-10s %,8d examples in %d shards%n",
                          name, split.examples(), split.shards().size()));
    }
  }
}
