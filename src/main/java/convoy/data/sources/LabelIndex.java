package convoy.data.sources;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Which number stands for which class: position in the list. Classes are in order of their names,
 * by value where all are numbers, so that every source of the same classes gives the same index.
 */
public record LabelIndex(List<Label> labels) implements Serializable {
  /** The file of a data set that has its classes, beside much else. */
  public static final String DATASET_FILE = "manifest.json";

  /**
   * @param className in the source
   * @param humanName for reports; the class name where the source has none
   */
  public record Label(String className, String humanName) implements Serializable {}

  public static LabelIndex of(Collection<String> classNames, Map<String, String> humanNames) {
    List<String> distinct = classNames.stream().distinct().toList();
    boolean numbers = distinct.stream().allMatch(name -> name.matches("\\d{1,9}"));
    Comparator<String> order =
        numbers ? Comparator.comparing(Integer::valueOf) : Comparator.naturalOrder();
    return new LabelIndex(
        distinct.stream()
            .sorted(order)
            .map(name -> new Label(name, humanNames.getOrDefault(name, name)))
            .toList());
  }

  /**
   * The classes of the data set of Convoy's that a folder or a tar in it belongs to, if one does.
   */
  static Optional<LabelIndex> ofDataset(Location place) {
    Location at = place;
    for (int up = 0; up < 3; up++) {
      Location manifest = at.child(DATASET_FILE);
      if (manifest.exists()) {
        return Optional.of(
            Documents.part(manifest.uri(), manifest.readText(), "labels", LabelIndex.class));
      }
      at = at.parent();
    }
    return Optional.empty();
  }

  /** These classes, and after them those of the names that are not among them. */
  public LabelIndex with(Collection<String> more, Map<String, String> humanNames) {
    List<Label> all = new ArrayList<>(labels);
    List<String> unknown = more.stream().filter(name -> !classNames().contains(name)).toList();
    all.addAll(of(unknown, humanNames).labels());
    return new LabelIndex(List.copyOf(all));
  }

  public Map<String, Integer> numbers() {
    Map<String, Integer> numbers = new HashMap<>();
    IntStream.range(0, labels.size()).forEach(i -> numbers.put(labels.get(i).className(), i));
    return numbers;
  }

  public int size() {
    return labels.size();
  }

  public List<String> classNames() {
    return labels.stream().map(Label::className).toList();
  }

  public List<String> humanNames() {
    return labels.stream().map(Label::humanName).toList();
  }

  /** Refuses a number of classes that is not this data set's. */
  public void requireSize(Optional<Integer> wanted, String what) {
    if (wanted.isPresent() && wanted.get() != size()) {
      throw new UserException(
          "Cannot use %s with %d classes: the data set has %d. Use data of the same classes, or a network for these."
              .formatted(what, wanted.get(), size()));
    }
  }
}
