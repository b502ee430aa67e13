package convoy.data.shards;

import convoy.core.Digests;
import convoy.core.UserException;
import convoy.data.shards.PartitionOptions.SplitRule;
import convoy.data.shards.PartitionOptions.Splits;
import convoy.data.sources.SourcePicture;
import convoy.data.sources.SplitName;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Deals pictures to splits, as far as a picture alone tells where it belongs. */
final class Dealer implements Serializable {
  /** Of pictures that are dealt class by class, once all are counted. */
  static final String LATER = "";

  private final SplitRule rule;
  private final double validation;
  private final double test;
  private final double selection;

  /** Null where each picture is a group. */
  private final Pattern groups;

  Dealer(Splits splits) {
    rule = splits.from();
    validation = splits.validation();
    test = splits.test();
    selection = splits.selection();
    groups = splits.groups().map(Pattern::compile).orElse(null);
  }

  /** The split of a picture, or {@link #LATER}. */
  String split(SourcePicture picture) {
    if (!picture.split().matches("[A-Za-z0-9_-]*")) {
      throw new UserException(
          "Cannot use split %s of %s: names of splits have letters, digits, - and _ only. Name it otherwise."
              .formatted(picture.split(), picture.path()));
    }
    if (rule == SplitRule.STRATIFIED && !picture.group().isEmpty()) {
      throw new UserException(
          "Cannot deal %s by its class: it has a group, which must not be parted. Set splits.from=hash."
              .formatted(picture.path()));
    }
    return switch (rule) {
      case SOURCE -> ofSource(picture);
      case HASH -> byHash(picture);
      case STRATIFIED -> LATER;
    };
  }

  private String ofSource(SourcePicture picture) {
    if (picture.split().isEmpty()) {
      throw new UserException(
          "Cannot use the source's own split: %s belongs to none. Set splits.from=hash or splits.from=stratified."
              .formatted(picture.path()));
    }
    return picture.split().equals(SplitName.TRAIN) ? byHash(picture) : picture.split();
  }

  private String byHash(SourcePicture picture) {
    double position = Digests.position(group(picture).getBytes(StandardCharsets.UTF_8));
    if (position < validation) {
      return SplitName.VALIDATION;
    }
    if (position < validation + test) {
      return SplitName.TEST;
    }
    return position < validation + test + selection ? SplitName.SELECTION : SplitName.TRAIN;
  }

  private String group(SourcePicture picture) {
    if (groups == null) {
      return picture.group().isEmpty() ? picture.path() : picture.group();
    }
    Matcher found = groups.matcher(picture.path());
    if (!found.matches() || found.group(1) == null) {
      throw new UserException(
          "Cannot tell the group of %s: it does not fit splits.groups, %s. Change that, or rename the picture."
              .formatted(picture.path(), groups));
    }
    return found.group(1);
  }

  /** Of pictures of one class, how many go to validation. */
  long validation(long pictures) {
    return Math.round(pictures * validation);
  }

  /** Of pictures of one class, how many go to the test. */
  long test(long pictures) {
    return Math.min(pictures - validation(pictures), Math.round(pictures * test));
  }

  /** Of pictures of one class, how many models are chosen by. */
  long selection(long pictures) {
    return Math.min(
        pictures - validation(pictures) - test(pictures), Math.round(pictures * selection));
  }
}
