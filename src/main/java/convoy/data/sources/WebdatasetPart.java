package convoy.data.sources;

import convoy.core.Documents;
import convoy.core.Location;
import convoy.core.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tar whose samples are members in a row with one key, as Python's {@code webdataset} reads it:
 * the key is the path up to the first dot of its last part, the suffix what follows. Its marks are
 * offsets of a sample's first header.
 *
 * @param classes that numbers stand for; empty where a number is the class's name
 */
record WebdatasetPart(String split, Location.Entry entry, List<String> classes)
    implements FilePart {
  private static final Pattern MEMBER = Pattern.compile("((?:.*/|)[^.]+)[.]([^/]*)");
  private static final Set<String> PICTURES = Set.of("jpg", "jpeg", "png", "webp");
  private static final int LONGEST_LABEL_BYTES = 1 << 20;

  @Override
  public MarkedReader open(long from, Consumer<Skipped> skipped) {
    return ImageSource.reading(
        name(), () -> new Reader(new TarReader(file(), 0, bytes(), from), from, skipped));
  }

  /** One sample. */
  private static final class Sample {
    private final String key;
    private Optional<TarReader.Member> picture = Optional.empty();
    private byte[] content;
    private Optional<String> label = Optional.empty();

    Sample(String key) {
      this.key = key;
    }
  }

  /**
   * Samples, one after the other. The content of a picture is read at once, as its label may come
   * after it; the first member of the sample that follows is known before.
   */
  private final class Reader implements MarkedReader {
    private final TarReader members;
    private final Consumer<Skipped> skipped;
    private Optional<TarReader.Member> ahead;
    private long begin;
    private byte[] content;

    Reader(TarReader members, long from, Consumer<Skipped> skipped) throws IOException {
      this.members = members;
      this.skipped = skipped;
      begin = from;
      ahead = members.next();
    }

    @Override
    public Optional<SourcePicture> next() throws IOException {
      while (ahead.isPresent()) {
        Sample sample = sample();
        if (sample.picture.isPresent()) {
          content = sample.content;
          return Optional.of(picture(sample));
        }
      }
      return Optional.empty();
    }

    /** Reads members as long as their key is the same. */
    private Sample sample() throws IOException {
      Sample sample = new Sample(key(ahead.get().name()));
      while (ahead.isPresent() && key(ahead.get().name()).equals(sample.key)) {
        add(ahead.get(), sample);
        begin = members.mark();
        ahead = members.next();
      }
      return sample;
    }

    private void add(TarReader.Member member, Sample sample) throws IOException {
      String suffix = suffix(member.name());
      if (PICTURES.contains(suffix) && sample.picture.isEmpty()) {
        sample.picture = Optional.of(member);
        sample.content =
            member.length() <= PartReader.LONGEST_BYTES ? members.content() : new byte[0];
      } else if (suffix.equals("cls") && member.length() <= LONGEST_LABEL_BYTES) {
        sample.label = Optional.of(text());
      } else if (suffix.equals("json")
          && member.length() <= LONGEST_LABEL_BYTES
          && sample.label.isEmpty()) {
        sample.label =
            Documents.field(file() + "/" + member.name(), text(), List.of("label", "cls", "class"));
      } else {
        skipped.accept(
            new Skipped(
                file().uri(),
                member.name(),
                suffix.isEmpty()
                    ? "has no key and suffix"
                    : PICTURES.contains(suffix)
                        ? "is a second picture of its sample"
                        : "has a suffix that is neither a picture's nor a label's"));
      }
    }

    private String text() throws IOException {
      return new String(members.content(), StandardCharsets.UTF_8).strip();
    }

    private SourcePicture picture(Sample sample) {
      TarReader.Member member = sample.picture.get();
      String label =
          sample
              .label
              .filter(text -> !text.isEmpty())
              .orElseThrow(
                  () ->
                      new UserException(
                          "Cannot tell the class of %s in %s: there is no member %s.cls. Add it or remove the picture."
                              .formatted(member.name(), file(), sample.key)));
      return new SourcePicture(
          split,
          className(label, member),
          "",
          file().name() + "/" + member.name(),
          file().uri(),
          member.length(),
          0,
          Optional.empty());
    }

    private String className(String label, TarReader.Member member) {
      if (classes.isEmpty()) {
        return label;
      }
      if (!label.matches("\\d{1,9}") || Integer.parseInt(label) >= classes.size()) {
        throw new UserException(
            "Cannot tell the class of %s in %s: the data set beside it has no class %s. Fetch it again."
                .formatted(member.name(), file(), label));
      }
      return classes.get(Integer.parseInt(label));
    }

    @Override
    public byte[] content() {
      return content;
    }

    @Override
    public long mark() {
      return begin;
    }

    @Override
    public void close() throws IOException {
      members.close();
    }
  }

  private static String key(String name) {
    Matcher parts = MEMBER.matcher(name);
    return parts.matches() ? parts.group(1) : name;
  }

  private static String suffix(String name) {
    Matcher parts = MEMBER.matcher(name);
    return parts.matches() ? parts.group(2).toLowerCase(Locale.ROOT) : "";
  }
}
