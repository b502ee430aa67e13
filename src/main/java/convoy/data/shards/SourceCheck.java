package convoy.data.shards;

import convoy.core.UserException;
import convoy.data.sources.ImageSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Whether what was found in a source is what somebody will have meant. */
final class SourceCheck {
  private static final int FEW = 5;
  private static final int SHOWN = 5;

  private SourceCheck() {}

  /**
   * What looks odd.
   *
   * @param complete whether it is a data set, not a part of one
   * @throws UserException if it cannot be meant
   */
  static List<String> warnings(ImageSource source, SourceListing listing, boolean complete) {
    Map<String, Long> classes = new TreeMap<>();
    long[] totals = listing.totals();
    for (int c = 0; c < totals.length; c++) {
      classes.merge(listing.cells().get(c).className(), totals[c], Long::sum);
    }
    List<String> warnings = new ArrayList<>();
    if (!complete) {
      return warnings;
    }
    if (classes.size() == 1) {
      throw new UserException(
          "Cannot partition %s: all %,d pictures are of one class, %s. %s"
              .formatted(
                  source.path(),
                  listing.pictures(),
                  classes.keySet().iterator().next(),
                  source
                      .probablyMeant()
                      .map("Set source.path=%s if its folders are the classes."::formatted)
                      .orElse("Check source.path and source.type.")));
    }
    List<String> few =
        classes.entrySet().stream()
            .filter(one -> one.getValue() < FEW)
            .map(one -> one.getKey() + " " + one.getValue())
            .toList();
    if (!few.isEmpty()) {
      warnings.add(
          "%d classes have fewer than %d pictures: %s%s."
              .formatted(
                  few.size(),
                  FEW,
                  String.join(", ", few.subList(0, Math.min(SHOWN, few.size()))),
                  few.size() > SHOWN ? ", ..." : ""));
    }
    long skipped = listing.skipped().values().stream().mapToLong(n -> n).sum();
    if (skipped > listing.pictures()) {
      warnings.add(
          "More files were skipped (%,d) than read (%,d); see %s. Is %s the folder that was meant?"
              .formatted(skipped, listing.pictures(), NoteFile.SKIPPED, source.path()));
    }
    return warnings;
  }
}
