package convoy.data;

import convoy.core.Location;
import convoy.core.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Human names of classes from the files that data sets come with: a line a class, the class's name
 * first and its human name after a space or tab ({@code LOC_synset_mapping.txt}), comma-separated
 * values with a header that has {@code synset} or {@code class} and {@code name} ({@code
 * labels.csv}), or ImageNet's index {@code {"0": ["n01440764", "tench"], ...}}.
 */
final class ClassNames {
  private static final List<String> USUAL_FILES =
      List.of("labels.csv", "LOC_synset_mapping.txt", "class-names.txt");
  private static final Pattern JSON_ENTRY =
      Pattern.compile("\"\\d+\"\\s*:\\s*\\[\\s*\"([^\"]+)\"\\s*,\\s*\"([^\"]+)\"\\s*]");

  private ClassNames() {}

  /**
   * @param folder where the usual files are looked for when none is named
   */
  static Map<String, String> find(Location folder, Optional<String> named) {
    if (named.isPresent()) {
      return parse(named.get(), Location.of(named.get()).readText());
    }
    if (folder.isFolder()) {
      for (String name : USUAL_FILES) {
        if (folder.child(name).exists()) {
          return parse(name, folder.child(name).readText());
        }
      }
    }
    return Map.of();
  }

  static Map<String, String> parse(String file, String text) {
    Map<String, String> names = new HashMap<>();
    if (text.stripLeading().startsWith("{")) {
      for (Matcher entry = JSON_ENTRY.matcher(text); entry.find(); ) {
        names.put(entry.group(1), entry.group(2));
      }
    } else if (file.endsWith(".csv")) {
      parseCsv(file, text.lines().toList(), names);
    } else {
      for (String line : text.lines().filter(l -> !l.isBlank()).toList()) {
        String[] parts = line.strip().split("[\\s,]+", 2);
        names.put(parts[0], parts[parts.length - 1]);
      }
    }
    if (names.isEmpty()) {
      throw new UserException(
          "Cannot read class names from %s: no class is in it. Check its format.".formatted(file));
    }
    return names;
  }

  private static void parseCsv(String file, List<String> lines, Map<String, String> names) {
    List<String> header = List.of(lines.get(0).strip().split(",", -1));
    int className = Math.max(header.indexOf("synset"), header.indexOf("class"));
    int name = header.indexOf("name");
    if (className < 0 || name < 0) {
      throw new UserException(
          "Cannot read class names from %s: its header needs synset (or class) and name. Add it."
              .formatted(file));
    }
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.strip().split(",", -1);
      if (cells.length > Math.max(className, name)) {
        names.put(cells[className], cells[name]);
      }
    }
  }
}
