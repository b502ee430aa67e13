package convoy.data.sources;

import java.util.Locale;

/** The names of splits, and how the world spells them. */
public final class SplitName {
  public static final String TRAIN = "train";
  public static final String VALIDATION = "validation";

  /** Held back to choose among models and ensembles by. */
  public static final String SELECTION = "selection";

  public static final String TEST = "test";

  private SplitName() {}

  /** The usual spelling of a split's name that a person may write otherwise. */
  public static String spelled(String name) {
    return of(name).isEmpty() ? name : of(name);
  }

  /** The split that a folder, tar or option of this name stands for, or an empty text. */
  public static String of(String name) {
    String bare =
        name.toLowerCase(Locale.ROOT).replaceAll("\\.tar$", "").replaceAll("^ilsvrc2012_img_", "");
    return switch (bare) {
      case "train", "training" -> TRAIN;
      case "val", "valid", "validation" -> VALIDATION;
      case "selection" -> SELECTION;
      case "test" -> TEST;
      default -> "";
    };
  }
}
