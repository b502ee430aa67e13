package convoy.job;

import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import convoy.data.shards.DatasetPartitioner;
import convoy.data.sources.LabelIndex;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a partition came to, for people. */
final class PartitionTable {
  private static final int CLASSES_SHOWN = 20;

  private PartitionTable() {}

  static void print(Location output, DatasetPartitioner.Outcome outcome, PrintStream out) {
    DatasetManifest manifest = outcome.manifest();
    out.printf(
        "Data set %s: %d classes, %,d rejected, %,d skipped%n",
        output, manifest.labels().size(), manifest.rejected(), manifest.skipped());
    manifest
        .splits()
        .forEach(
            (name, split) ->
                out.printf(
                    "  %-10s %,8d examples in %d shards%n",
                    name, split.examples(), split.shards().size()));
    outcome
        .skipped()
        .forEach((reason, files) -> out.printf("  skipped    %,8d: %s%n", files, reason));
    classes(manifest, out);
    outcome.warnings().forEach(warning -> out.printf("warning: %s%n", warning));
    if (manifest.duplicates() > 0) {
      out.printf(
          "warning: %,d pictures are, byte for byte, in more than one split; duplicates.tsv names them.%n",
          manifest.duplicates());
    }
  }

  /** Examples of each class and split, the first classes. */
  private static void classes(DatasetManifest manifest, PrintStream out) {
    List<String> splits = List.copyOf(manifest.splits().keySet());
    out.printf("  %-24s", "class");
    splits.forEach(split -> out.printf(" %10s", split));
    out.println();
    List<LabelIndex.Label> labels = manifest.labels().labels();
    for (int c = 0; c < Math.min(CLASSES_SHOWN, labels.size()); c++) {
      out.printf("  %-24.24s", labels.get(c).humanName());
      for (int count : counts(manifest.splits(), splits, c)) {
        out.printf(" %,10d", count);
      }
      out.println();
    }
    if (labels.size() > CLASSES_SHOWN) {
      out.printf("  ... and %,d more classes%n", labels.size() - CLASSES_SHOWN);
    }
  }

  private static List<Integer> counts(
      Map<String, DatasetManifest.Split> splits, List<String> names, int label) {
    List<Integer> counts = new ArrayList<>();
    names.forEach(name -> counts.add(splits.get(name).classCounts().get(label)));
    return counts;
  }
}
