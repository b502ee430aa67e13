package convoy.data.sources;

import convoy.core.Location;
import convoy.core.Tables;
import convoy.core.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The classes of ImageNet's validation pictures, in order of the pictures' numbers. Either Kaggle's
 * {@code LOC_val_solution.csv}, or a line a picture: its synset, or its class's number from 1 on
 * ({@code ILSVRC2012_validation_ground_truth.txt}), which needs a table of synsets.
 */
final class ValidationLabels {
  private ValidationLabels() {}

  /**
   * @param synsets a line a class, in order of their numbers, its synset first; or lines of number
   *     and synset; or the development kit's {@code meta.mat}
   */
  static String[] read(String file, Optional<String> synsets) {
    String text = Location.of(file).readText();
    if (text.startsWith("ImageId")) {
      return ofSolution(file, text);
    }
    List<String> labels = text.lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
    boolean numbers = labels.stream().allMatch(label -> label.matches("\\d{1,6}"));
    if (!numbers) {
      return labels.stream().map(label -> label.split("\\s+", 2)[0]).toArray(String[]::new);
    }
    String table =
        synsets.orElseThrow(
            () ->
                new UserException(
                    "Cannot use labels %s: they are numbers. Name the file of their synsets (the development kit's data/meta.mat) in source.synsets."
                        .formatted(file)));
    Map<Integer, String> names = synsets(table);
    return labels.stream()
        .map(
            label ->
                Optional.ofNullable(names.get(Integer.valueOf(label)))
                    .orElseThrow(
                        () ->
                            new UserException(
                                "Cannot use labels %s: number %s is not in %s. Name the table that belongs to them."
                                    .formatted(file, label, table))))
        .toArray(String[]::new);
  }

  private static Map<Integer, String> synsets(String file) {
    if (DevkitSynsets.isMatFile(file)) {
      return DevkitSynsets.read(Location.of(file)).byNumber();
    }
    Map<Integer, String> names = new HashMap<>();
    for (String line : Location.of(file).readText().lines().toList()) {
      String[] cells = line.strip().split("[\\s,]+");
      if (cells.length > 1 && cells[0].matches("\\d+")) {
        names.put(Integer.valueOf(cells[0]), cells[1]);
      } else if (!cells[0].isEmpty()) {
        names.put(names.size() + 1, cells[0]);
      }
    }
    return names;
  }

  /** Rows of a picture's name and its boxes: {@code n02119789 1 2 3 4 n02119789 ...}. */
  private static String[] ofSolution(String file, String text) {
    Map<Integer, String> classes = new HashMap<>();
    for (Map<String, String> row : Tables.csv(file, text)) {
      String id = row.getOrDefault("ImageId", "");
      int number = Integer.parseInt(id.substring(id.lastIndexOf('_') + 1));
      classes.put(number, row.getOrDefault("PredictionString", "").split(" ", 2)[0]);
    }
    String[] inOrder = new String[classes.size()];
    for (int i = 0; i < inOrder.length; i++) {
      inOrder[i] = classes.get(i + 1);
      if (inOrder[i] == null) {
        throw new UserException(
            "Cannot use labels %s: picture %d is missing. Fetch it again.".formatted(file, i + 1));
      }
    }
    return inOrder;
  }
}
