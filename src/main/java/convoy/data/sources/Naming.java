package convoy.data.sources;

import convoy.core.Location;
import convoy.core.UserException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the name of a file tells what is on it. */
sealed interface Naming extends Serializable {

  /** What a name tells. */
  record Told(String split, String className, String group) {}

  /**
   * Reads a name.
   *
   * @param name of the file, below the folder or tar that holds it
   * @return nothing where it does not fit
   */
  Optional<Told> of(String name);

  /**
   * The picture that a file is.
   *
   * @param name of the file, below the folder or tar that holds it
   * @param where it is, for the message if it does not fit
   * @param file that holds it
   * @param modified of {@link SourcePicture}
   */
  default SourcePicture picture(
      String name, String where, Location file, long length, long modified) {
    Told told =
        of(name)
            .orElseThrow(
                () ->
                    new UserException(
                        "Cannot tell the class of %s: its name is not %s. Rename or remove it."
                            .formatted(where, wanted())));
    return new SourcePicture(
        told.split,
        told.className,
        told.group,
        name,
        file.uri(),
        length,
        modified,
        Optional.empty());
  }

  /** What a name has to look like, for messages. */
  String wanted();

  /** Every file is of one class. */
  record OneClass(String split, String className) implements Naming {
    @Override
    public Optional<Told> of(String name) {
      return Optional.of(new Told(split, className, ""));
    }

    @Override
    public String wanted() {
      return "a picture";
    }
  }

  /** {@code cat.0.jpg}: the class is what stands before the number. */
  record BeforeNumber(String split) implements Naming {
    private static final Pattern NAME =
        Pattern.compile("(.*[^._ -])[._ -]+\\d+\\.[^.]+|(.*[^._ \\d-])\\d+\\.[^.]+");

    @Override
    public Optional<Told> of(String name) {
      Matcher parts = NAME.matcher(name);
      return parts.matches()
          ? Optional.of(
              new Told(split, parts.group(1) == null ? parts.group(2) : parts.group(1), ""))
          : Optional.empty();
    }

    @Override
    public String wanted() {
      return "<class>.<number>.<extension>";
    }
  }

  /**
   * By a regular expression with a group {@code class}, perhaps {@code split} and {@code group}.
   *
   * @param above the folder or tar, which stands before each name
   */
  record ByPattern(Pattern expression, String above) implements Naming {
    static ByPattern of(String expression, String above) {
      return new ByPattern(Pattern.compile(expression), above);
    }

    @Override
    public Optional<Told> of(String name) {
      Matcher parts = expression.matcher(above + name);
      if (!parts.matches()) {
        return Optional.empty();
      }
      return Optional.of(
          new Told(
              SplitName.spelled(group(parts, "split")),
              parts.group("class"),
              group(parts, "group")));
    }

    private String group(Matcher parts, String name) {
      if (!expression.pattern().contains("(?<" + name + ">")) {
        return "";
      }
      String found = parts.group(name);
      return found == null ? "" : found;
    }

    @Override
    public String wanted() {
      return expression.pattern();
    }
  }

  /**
   * ImageNet's validation pictures, {@code ILSVRC2012_val_00000001.JPEG}, by their number.
   *
   * @param classes of the pictures, from number 1 on
   */
  record ByNumber(String split, List<String> classes) implements Naming {
    private static final Pattern NAME = Pattern.compile(".*_(\\d{1,9})\\.[^.]+");

    @Override
    public Optional<Told> of(String name) {
      Matcher parts = NAME.matcher(name);
      if (!parts.matches()) {
        return Optional.empty();
      }
      int number = Integer.parseInt(parts.group(1));
      return number >= 1 && number <= classes.size()
          ? Optional.of(new Told(split, classes.get(number - 1), ""))
          : Optional.empty();
    }

    @Override
    public String wanted() {
      return "ILSVRC2012_val_<1 to %d>.JPEG".formatted(classes.size());
    }
  }
}
