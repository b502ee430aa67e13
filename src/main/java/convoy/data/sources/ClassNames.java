package convoy.data.sources;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.Tables;
import convoy.core.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Human names of classes from the files that data sets come with: a line a class, the class's name
 * first and its human name after a space or tab ({@code LOC_synset_mapping.txt}), comma-separated
 * values with a header that has {@code synset} or {@code class} and {@code name} ({@code
 * labels.csv}), ImageNet's index {@code {"0": ["n01440764", "tench"], ...}}, or its development
 * kit's {@code meta.mat}.
 */
final class ClassNames {
  private static final List<String> USUAL_FILES =
      List.of("labels.csv", "LOC_synset_mapping.txt", "class-names.txt");

  private ClassNames() {}

  /**
   * @param folder where the usual files are looked for when none is named
   */
  static Map<String, String> find(Location folder, Optional<String> named) {
    if (named.isPresent()) {
      Location file = Location.of(named.get());
      return DevkitSynsets.isMatFile(named.get())
          ? DevkitSynsets.read(file).names()
          : parse(named.get(), file.readText());
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

  /** Whether a file of this name has class names, where none is named. */
  static boolean isUsual(String file) {
    return USUAL_FILES.contains(file);
  }

  static Map<String, String> parse(String file, String text) {
    Map<String, String> names = new HashMap<>();
    if (text.stripLeading().startsWith("{")) {
      Documents.pairs(file, text).forEach(pair -> names.put(pair.get(0), pair.get(1)));
    } else if (file.endsWith(".csv")) {
      parseCsv(file, text, names);
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

  private static void parseCsv(String file, String text, Map<String, String> names) {
    for (Map<String, String> row : Tables.csv(file, text)) {
      String className = row.getOrDefault("synset", row.get("class"));
      String name = row.get("name");
      if (className == null || name == null) {
        throw new UserException(
            "Cannot read class names from %s: its header needs synset (or class) and name. Add it."
                .formatted(file));
      }
      names.put(className, name);
    }
  }
}
