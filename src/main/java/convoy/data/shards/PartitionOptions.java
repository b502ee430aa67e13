package convoy.data.shards;

import convoy.core.Checks;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * How a source becomes a data set.
 *
 * @param shardExamples pictures in a shard
 * @param rejectedImagesAllowed with more broken pictures than these there is no data set
 * @param seed of the order of the pictures in the shards
 */
public record PartitionOptions(
    Splits splits, Images images, int shardExamples, int rejectedImagesAllowed, long seed) {
  public PartitionOptions {
    new Checks()
        .atLeast(1, "shard-examples", shardExamples)
        .atLeast(0, "rejected-images-allowed", rejectedImagesAllowed)
        .done();
  }

  /** How examples are dealt to splits. */
  public enum SplitRule {
    /** As the source has them. */
    SOURCE,
    /** By a hash of the picture's name, or group: stable when pictures come or go. */
    HASH,
    /** So that each class has the same parts, to within one picture. */
    STRATIFIED
  }

  /**
   * @param validation part of the examples, or of the source's training split (rule {@code
   *     source}), that becomes the validation split
   * @param selection part that becomes the split that models and ensembles are chosen by, likewise
   * @param test part that becomes the test split, likewise
   * @param groups a regular expression with one group, for the whole of class/name: pictures with
   *     the same text in it come to one split. A source's own groups count without it.
   */
  public record Splits(
      SplitRule from, double validation, double selection, double test, Optional<String> groups) {

    /** Without a selection split. */
    public Splits(SplitRule from, double validation, double test, Optional<String> groups) {
      this(from, validation, 0, test, groups);
    }

    public Splits {
      new Checks()
          .within(0, 0.9, "validation", validation)
          .within(0, 0.9, "selection", selection)
          .within(0, 0.9, "test", test)
          .that(
              validation + selection + test < 1,
              "validation + selection + test",
              validation + selection + test,
              "must leave a training split")
          .that(
              groups.isEmpty() || from == SplitRule.HASH,
              "groups",
              groups.orElse(""),
              "needs from: hash, as the other rules part groups")
          .that(
              groups.map(Splits::isGroup).orElse(true),
              "groups",
              groups.orElse(""),
              "must be a regular expression with one group, for class/name")
          .done();
    }

    private static boolean isGroup(String expression) {
      try {
        return Pattern.compile(expression).matcher("").groupCount() == 1;
      } catch (PatternSyntaxException e) {
        return false;
      }
    }
  }

  /**
   * @param shortSide in pixels that larger pictures are shrunk to
   * @param jpegQuality of pictures that are encoded again, 0 to 1
   * @param mostMegapixels of a picture; larger ones are set aside
   * @param mostMegabytes of a picture's file, likewise
   */
  public record Images(
      Color color,
      Optional<Integer> shortSide,
      double jpegQuality,
      int mostMegapixels,
      int mostMegabytes) {
    private static final int MEGA = 1_000_000;

    /** The limits that nobody asked to change. */
    public static final int MOST_MEGAPIXELS = 70;

    public static final int MOST_MEGABYTES = 100;

    /** Channels of the data set. */
    public enum Color {
      GRAY,
      RGB
    }

    public Images {
      new Checks()
          .atLeast(1, "short-side", shortSide)
          .within(0.1, 1, "jpeg-quality", jpegQuality)
          .within(1, 700, "most-megapixels", mostMegapixels)
          .within(1, 500, "most-megabytes", mostMegabytes)
          .done();
    }

    /** With the usual limits. */
    public Images(Color color, Optional<Integer> shortSide, double jpegQuality) {
      this(color, shortSide, jpegQuality, MOST_MEGAPIXELS, MOST_MEGABYTES);
    }

    int channels() {
      return color == Color.GRAY ? 1 : 3;
    }

    long mostPixels() {
      return (long) mostMegapixels * MEGA;
    }

    long mostBytes() {
      return (long) mostMegabytes * MEGA;
    }
  }
}
