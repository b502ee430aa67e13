package convoy.data.shards;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.cluster.SparkContexts;
import convoy.core.CountedFileSystem;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.Tables;
import convoy.core.UserException;
import convoy.data.pictures.PictureEncoder;
import convoy.data.pictures.Pictures;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.PartitionOptions.Images;
import convoy.data.shards.PartitionOptions.SplitRule;
import convoy.data.shards.PartitionOptions.Splits;
import convoy.data.sources.ImageSource;
import convoy.data.sources.PathPattern;
import convoy.data.sources.PictureList;
import convoy.data.sources.SplitName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a listing writes down for those who read the pictures. */
class ListingIT {
  @TempDir Path folder;

  @Test
  void picturesOfALargeFolderOrListAreFoundOnce() throws IOException {
    CountedFileSystem.register();
    int pictures = 4500;
    Path flat = draw(pictures);
    CountedFileSystem.reset();
    DatasetManifest byPattern =
        partition(pattern("counted:" + flat), options(0, 1000), "by-pattern");
    // To look what is there, and to list it.
    assertThat(CountedFileSystem.LISTS.get()).isEqualTo(2);
    assertThat(CountedFileSystem.OPENS.get()).isEqualTo(pictures);

    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      rows.add(List.of(name(i), name(i).substring(0, 3)));
    }
    rows.sort(Comparator.comparing(row -> row.get(0)));
    CountedFileSystem.reset();
    DatasetManifest byList =
        partition(list(rows, "counted:", "counted:" + flat), options(0, 1000), "by-list");
    assertThat(CountedFileSystem.LISTS.get()).isZero();
    // The table once.
    assertThat(CountedFileSystem.OPENS.get()).isEqualTo(1 + pictures);
    assertThat(CountedFileSystem.SEEKS_BACK.get()).isZero();

    // A pattern goes by name, as this list does: the same in the same order.
    assertThat(byList.splits()).isEqualTo(byPattern.splits());
    assertThat(byPattern.split(SplitName.TRAIN).classCounts()).containsExactly(1500, 3000);
    requireEachItsOwn("by-list", flat);
  }

  /** Every picture has its file's class and bytes. */
  private void requireEachItsOwn(String set, Path files) throws IOException {
    Location place = location(set);
    DatasetManifest manifest = DatasetManifest.read(place);
    PictureShelf shelf = new PictureShelf(place, manifest, PictureShelf.Room.ofMebibytes(1));
    for (String split : manifest.splits().keySet()) {
      PictureStore store = shelf.store(split);
      for (int i = 0; i < store.examples(); i++) {
        String name = store.entry(i).name();
        String file = name.substring(name.indexOf('/') + 1);
        assertThat(name.substring(0, name.indexOf('/')))
            .isEqualTo(manifest.labels().classNames().get(store.label(i)));
        assertThat(store.file(i)).as(file).isEqualTo(Files.readAllBytes(files.resolve(file)));
      }
    }
    shelf.close();
  }

  @Test
  void namesMayHaveWhatFilesMayHave() throws IOException {
    Path flat = Files.createDirectories(folder.resolve("odd \"folder\" 100%"));
    List<String> classes = List.of("???", "none", "a\u2028b", "[1, 2]", "x\ty");
    List<List<String>> rows = new ArrayList<>();
    int seed = 0;
    for (String name : List.of("a b%20", "q\"'#?&", "tab\tline\nbreak", "ab:d")) {
      for (String one : classes) {
        Path file = flat.resolve(name + seed + ".png");
        Files.write(file, PictureEncoder.png(Pictures.noise(8, 8, 3, seed++)));
        rows.add(List.of(seed % 2 == 0 ? file.toString() : file.getFileName().toString(), one));
      }
    }
    DatasetManifest set = partition(list(rows, "", flat.toString()), options(0, 1000), "set");
    assertThat(set.labels().classNames()).containsExactlyInAnyOrderElementsOf(classes);
    assertThat(set.split(SplitName.TRAIN).classCounts()).containsExactly(4, 4, 4, 4, 4);
    assertThat(DatasetManifest.read(location("set")).labels()).isEqualTo(set.labels());
    requireEachItsOwn("set", flat);
  }

  @Test
  void whatChangesBetweenListingAndReadingIsTold() throws IOException {
    Path flat = draw(40);
    Path picture = flat.resolve(name(7));
    byte[] content = Files.readAllBytes(picture);
    assertThatThrownBy(
            () -> whileListed(() -> Files.write(picture, content, StandardOpenOption.APPEND)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(
            "Cannot read %s: it is longer than it was when it was listed. Run again", picture);
    Files.write(picture, content);
    assertThatThrownBy(() -> whileListed(() -> Files.write(picture, new byte[] {1, 2, 3})))
        .hasMessageContaining("Cannot read %s: it is shorter than it was", picture);
    assertThatThrownBy(() -> whileListed(() -> Files.delete(picture)))
        .hasMessageContaining("Cannot read %s: it does not exist", picture);
    Files.write(picture, content);
    // As another attempt at the listing, or another job's, might leave them.
    assertThatThrownBy(() -> whileListed(this::exchangeRows))
        .hasMessageContaining("it is not what it was when it was listed. Run again");
  }

  private void exchangeRows() throws IOException {
    Path work = folder.resolve("set/work");
    try (var all = Files.walk(work)) {
      Path file = all.filter(one -> one.toString().endsWith(".jsonl")).findFirst().orElseThrow();
      List<String> rows = new ArrayList<>(Files.readAllLines(file));
      // Of one class, so that they count as before.
      rows.add(0, rows.remove(1));
      assertThat(rows.get(0)).contains("\"cat\"");
      assertThat(rows.get(1)).contains("\"cat\"");
      Files.write(file, rows);
    }
  }

  private interface Change {
    void make() throws IOException;
  }

  /** Partitions the pictures; the change is made when they are listed and not yet read. */
  private void whileListed(Change change) {
    try (JavaSparkContext spark = SparkContexts.local("test", 2)) {
      var unused =
          new DatasetPartitioner(spark, options(0, 1000), line -> makeOnceListed(change, line))
              .partition(
                  pattern(folder.resolve("flat").toString()),
                  location("set"),
                  Provenance.of(List.of("test")),
                  false)
              .manifest();
    }
  }

  private static void makeOnceListed(Change change, String message) {
    if (message.contains("tasks read them")) {
      try {
        change.make();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void aPictureThatIsReplacedByOneOfItsLengthIsReadAgain() throws IOException {
    Path flat = draw(40);
    Files.write(flat.resolve("dog_9999.png"), new byte[] {1});
    assertThatThrownBy(() -> partition(pattern(flat.toString()), options(0, 20), "set"))
        .hasMessageContaining("1 pictures are broken");
    Path picture = flat.resolve(name(0));
    Files.write(picture, new byte[(int) Files.size(picture)]);
    Files.setLastModifiedTime(picture, FileTime.fromMillis(1));
    DatasetManifest set = partition(pattern(flat.toString()), options(2, 20), "set");
    assertThat(set.rejected()).isEqualTo(2);
  }

  @Test
  void whatIsNeitherFolderNorTarIsNoPattern() throws IOException {
    Path file = Files.writeString(folder.resolve("pictures.zip"), "PK");
    assertThatThrownBy(() -> partition(pattern(file.toString()), options(0, 20), "set"))
        .hasMessageContaining("there are no pictures, as it is neither a folder nor a tar");
  }

  @Test
  void filesThatWereSkippedAreThoseOfTheSourceWhateverWasListedBetween() throws IOException {
    Path first = tar("first", "notes.txt");
    Path second = tar("second", "other.doc");
    for (Path one : List.of(first, second)) {
      assertThatThrownBy(() -> partition(pattern(one.toString()), options(0, 20), "set"))
          .hasMessageContaining("1 pictures are broken");
    }
    DatasetManifest set = partition(pattern(first.toString()), options(1, 20), "set");
    assertThat(set.skipped()).isEqualTo(1);
    assertThat(folder.resolve("set/skipped.tsv"))
        .content()
        .contains("notes.txt")
        .doesNotContain("other.doc");
  }

  /** With a broken picture, at which a partition stops. */
  private Path tar(String name, String stray) throws IOException {
    Path file = folder.resolve(name + ".tar");
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < 20; i++) {
        add(tar, name(i), PictureEncoder.png(Pictures.noise(8, 8, 3, i)));
      }
      add(tar, stray, "text".getBytes(UTF_8));
      add(tar, "cat_99.png", new byte[] {1, 2, 3});
    }
    return file;
  }

  private static void add(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static String name(int i) {
    return "%s_%04d.png".formatted(i % 3 == 0 ? "cat" : "dog", i);
  }

  /** Different pictures in one folder. */
  private Path draw(int pictures) throws IOException {
    Path flat = Files.createDirectories(folder.resolve("flat"));
    for (int i = 0; i < pictures; i++) {
      Files.write(flat.resolve(name(i)), PictureEncoder.png(Pictures.noise(8, 8, 3, i)));
    }
    return flat;
  }

  private static PathPattern pattern(String path) {
    return new PathPattern(path, "(?<class>[a-z]+)_.*", Optional.empty());
  }

  private PictureList list(List<List<String>> rows, String scheme, String root) {
    Location table = location("list.csv");
    Tables.write(table, List.of("path", "class"), rows.iterator());
    return new PictureList(scheme + table, Optional.of(root), Optional.empty());
  }

  private static PartitionOptions options(int rejectedAllowed, int shardExamples) {
    return new PartitionOptions(
        new Splits(SplitRule.HASH, 0, 0, Optional.empty()),
        new Images(Images.Color.RGB, Optional.empty(), 0.9),
        shardExamples,
        rejectedAllowed,
        1);
  }

  private DatasetManifest partition(ImageSource source, PartitionOptions options, String output) {
    try (JavaSparkContext spark = SparkContexts.local("test", 2)) {
      return new DatasetPartitioner(spark, options, line -> {})
          .partition(source, location(output), Provenance.of(List.of("test")), false)
          .manifest();
    }
  }

  private Location location(String name) {
    return Location.of(folder.resolve(name).toString());
  }
}
