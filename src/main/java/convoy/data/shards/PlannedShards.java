package convoy.data.shards;

import convoy.core.Documents;
import convoy.core.Location;
import java.io.Serializable;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The shards of a plan, and which of them are there.
 *
 * @param results folder with a file for each that is
 */
record PlannedShards(Location dataset, ShardPlan plan, Location results, int channels, int classes)
    implements Serializable {

  ShardTask task(int shard) {
    return new ShardTask(dataset, plan.path(shard), resultFile(shard), channels, classes);
  }

  private Location resultFile(int shard) {
    return results.child("%06d.json".formatted(shard));
  }

  ShardTask.Result result(int shard) {
    return Documents.read(resultFile(shard), ShardTask.Result.class);
  }

  /** Those that have to be made. */
  int[] missing() {
    Set<String> done = names(results);
    Set<String> files = names(dataset.child(ShardPlan.FOLDER));
    return IntStream.range(0, plan.shards())
        .filter(
            shard -> {
              String tar = plan.name(shard);
              return !done.contains(resultFile(shard).name())
                  || !files.contains(tar)
                  || !files.contains(ShardIndex.path(tar));
            })
        .toArray();
  }

  private static Set<String> names(Location folder) {
    Set<String> names = new HashSet<>();
    if (folder.exists()) {
      folder.list().forEach(entry -> names.add(entry.name()));
    }
    return names;
  }
}
