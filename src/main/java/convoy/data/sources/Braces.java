package convoy.data.sources;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Several paths in one, as shells and WebDataset write them: {@code {000..146}}, {@code {a,b}}. */
final class Braces {
  private static final Pattern GROUP = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})\\.\\.(\\d{1,9})");

  private Braces() {}

  static List<String> expand(String path) {
    Matcher group = GROUP.matcher(path);
    if (!group.find()) {
      return List.of(path);
    }
    List<String> paths = new ArrayList<>();
    for (String choice : choices(group.group(1))) {
      paths.addAll(expand(path.substring(0, group.start()) + choice + path.substring(group.end())));
    }
    return paths;
  }

  private static List<String> choices(String inside) {
    Matcher range = RANGE.matcher(inside);
    if (!range.matches()) {
      return List.of(inside.split(",", -1));
    }
    List<String> numbers = new ArrayList<>();
    int width = range.group(1).length();
    for (int n = Integer.parseInt(range.group(1)); n <= Integer.parseInt(range.group(2)); n++) {
      numbers.add(("%0" + width + "d").formatted(n));
    }
    return numbers;
  }
}
