package convoy.data.shards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.cluster.SparkContexts;
import convoy.core.CountedFileSystem;
import convoy.core.Lease;
import convoy.core.Location;
import convoy.core.Provenance;
import convoy.core.UserException;
import convoy.data.pictures.PictureEncoder;
import convoy.data.pictures.Pictures;
import convoy.data.reading.PictureShelf;
import convoy.data.reading.PictureStore;
import convoy.data.shards.PartitionOptions.Images;
import convoy.data.shards.PartitionOptions.SplitRule;
import convoy.data.shards.PartitionOptions.Splits;
import convoy.data.sources.ClassFolders;
import convoy.data.sources.ImageSource;
import convoy.data.sources.ImagenetTars;
import convoy.data.sources.PictureList;
import convoy.data.sources.SplitName;
import convoy.data.sources.Webdataset;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionIT {
  private static final Splits HASH = new Splits(SplitRule.HASH, 0.2, 0.1, Optional.empty());
  @TempDir Path folder;

  @Test
  void shardsAreAFunctionOfSourceAndSeedWhateverTheCluster() throws IOException {
    Path pictures = draw(Map.of("cat", 60, "dog", 45, "owl", 33));
    List<String> first = digests(partition(1, classes(pictures), options(HASH, 7, 0), "a"));
    assertThat(digests(partition(3, classes(pictures), options(HASH, 7, 0), "b"))).isEqualTo(first);
    assertThat(digests(partition(3, classes(pictures), options(HASH, 8, 0), "c")))
        .isNotEqualTo(first);
  }

  @Test
  void whatWasFinishedIsUsedAgain() throws IOException {
    Path pictures = draw(Map.of("cat", 40, "dog", 40));
    Files.write(pictures.resolve("cat/broken.png"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> partition(2, classes(pictures), options(HASH, 1, 0), "set"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("1 pictures are broken");
    Path set = folder.resolve("set");
    assertThat(set.resolve("rejected.tsv")).content().contains("cat/broken.png");
    assertThat(set.resolve("manifest.json")).doesNotExist();
    Map<String, byte[]> before = shards(set);
    // As a kill between two shards would leave it.
    Path lost = set.resolve("shards/train-000001.tar");
    Files.delete(lost);
    deleteResult(set, 1);
    Path kept = set.resolve("shards/train-000000.tar");
    var time = Files.getLastModifiedTime(kept);
    List<String> messages = new ArrayList<>();
    try (JavaSparkContext spark = SparkContexts.local("test", 2)) {
      var unused =
          new DatasetPartitioner(spark, options(HASH, 1, 1), messages::add)
              .partition(classes(pictures), location("set"), provenance(), false);
    }
    assertThat(messages).anyMatch(line -> line.contains("are there from before"));
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(time);
    assertThat(shards(set)).usingRecursiveComparison().isEqualTo(before);
    assertThat(set.resolve("work")).doesNotExist();
    assertThat(DatasetManifest.read(location("set")).rejected()).isEqualTo(1);
  }

  /** The one of the plan's first shard of its second number, by what its file says. */
  private static void deleteResult(Path set, int number) throws IOException {
    try (Stream<Path> files = Files.walk(set.resolve("work"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        if (Files.readString(file).contains("shards/train-%06d.tar".formatted(number))) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void strataHaveTheSamePartsOfEveryClass() throws IOException {
    Path pictures = draw(Map.of("cat", 50, "dog", 30, "owl", 20));
    Splits strata = new Splits(SplitRule.STRATIFIED, 0.2, 0.1, Optional.empty());
    DatasetManifest set = partition(2, classes(pictures), options(strata, 1, 0), "set");
    assertThat(set.split(SplitName.VALIDATION).classCounts()).containsExactly(10, 6, 4);
    assertThat(set.split(SplitName.TEST).classCounts()).containsExactly(5, 3, 2);
    assertThat(set.split(SplitName.TRAIN).classCounts()).containsExactly(35, 21, 14);
  }

  @Test
  void aSelectionSplitIsHeldBack() throws IOException {
    Path pictures = draw(Map.of("cat", 50, "dog", 30));
    Splits strata = new Splits(SplitRule.STRATIFIED, 0.2, 0.3, 0.1, Optional.empty());
    DatasetManifest set = partition(2, classes(pictures), options(strata, 1, 0), "strata");
    assertThat(set.split(SplitName.SELECTION).classCounts()).containsExactly(15, 9);
    assertThat(set.split(SplitName.VALIDATION).classCounts()).containsExactly(10, 6);
    assertThat(set.split(SplitName.TEST).classCounts()).containsExactly(5, 3);
    Splits hash = new Splits(SplitRule.HASH, 0.2, 0.3, 0.1, Optional.empty());
    DatasetManifest hashed = partition(2, classes(pictures), options(hash, 1, 0), "hash");
    assertThat(hashed.split(SplitName.SELECTION).examples()).isBetween(12, 36);
    assertThat(hashed.splits().values().stream().mapToInt(DatasetManifest.Split::examples).sum())
        .isEqualTo(80);
  }

  @Test
  void groupsAreNotParted() throws IOException {
    Path pictures = draw(Map.of("cat", 100, "dog", 100));
    // Ten groups, by the tens of the picture's number.
    Splits groups = new Splits(SplitRule.HASH, 0.4, 0, Optional.of("[^/]+/0*(\\d?)\\d\\.png"));
    partition(2, classes(pictures), options(groups, 1, 0), "set");
    PictureShelf shelf = shelf("set");
    TreeMap<String, String> splits = new TreeMap<>();
    for (String split : List.of(SplitName.TRAIN, SplitName.VALIDATION)) {
      PictureStore store = shelf.store(split);
      for (int i = 0; i < store.examples(); i++) {
        String group = store.entry(i).name().replaceAll(".*/0*(\\d?)\\d\\.png", "$1");
        assertThat(splits.merge(group, split, (a, b) -> a.equals(b) ? a : "both"))
            .isNotEqualTo("both");
      }
    }
    assertThat(splits.values()).contains(SplitName.TRAIN, SplitName.VALIDATION);
  }

  @Test
  void theSamePictureInTwoSplitsIsTold() throws IOException {
    Path pictures = draw(Map.of("train/cat", 9, "train/dog", 9, "test/cat", 5, "test/dog", 5));
    Files.copy(pictures.resolve("train/cat/0003.png"), pictures.resolve("test/dog/x.png"));
    DatasetManifest set =
        partition(
            2,
            classes(pictures),
            options(new Splits(SplitRule.SOURCE, 0, 0, Optional.empty()), 1, 0),
            "set");
    assertThat(set.duplicates()).isEqualTo(1);
    assertThat(folder.resolve("set/duplicates.tsv"))
        .content()
        .contains("test:dog/x.png\ttrain:cat/0003.png");
  }

  @Test
  void aParquetTableIsAList() throws IOException {
    Path pictures = draw(Map.of("cat", 6, "dog", 6));
    String table = folder.resolve("list.parquet").toString();
    try (JavaSparkContext spark = SparkContexts.local("test", 2)) {
      SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
      List<String> paths = new ArrayList<>();
      for (String one : List.of("cat", "dog")) {
        for (int i = 0; i < 6; i++) {
          paths.add("%s/%04d.png".formatted(one, i));
        }
      }
      session
          .createDataset(paths, Encoders.STRING())
          .toDF("path")
          .selectExpr("path", "substring_index(path, '/', 1) as class")
          .write()
          .parquet("file://" + table);
    }
    DatasetManifest set =
        partition(
            2,
            new PictureList(table, Optional.of(pictures.toString()), Optional.empty()),
            options(new Splits(SplitRule.HASH, 0, 0, Optional.empty()), 1, 0),
            "set");
    assertThat(set.labels().classNames()).containsExactly("cat", "dog");
    assertThat(set.split(SplitName.TRAIN).classCounts()).containsExactly(6, 6);
  }

  @Test
  void aFolderOneLevelTooHighIsRefusedWithTheOneThatWasMeant() throws IOException {
    draw(Map.of("flowers/rose", 5, "flowers/tulip", 5));
    Path pictures = folder.resolve("pictures");
    assertThatThrownBy(() -> partition(2, classes(pictures), options(HASH, 1, 0), "set"))
        .hasMessage(
            "Cannot partition %s: all 10 pictures are of one class, flowers. Set source.path=%s/flowers if its folders are the classes."
                .formatted(pictures, pictures));
  }

  @Test
  void oneWriterAtATimeAndNothingCompleteIsReplacedUnasked() throws IOException {
    Path pictures = draw(Map.of("cat", 8, "dog", 8));
    PartitionOptions options = options(new Splits(SplitRule.HASH, 0, 0, Optional.empty()), 1, 0);
    try (Lease other = Lease.take(location("set"), "data set")) {
      assertThatThrownBy(() -> partition(2, classes(pictures), options, "set"))
          .hasMessageContaining("has been at work since");
      other.requireHeld();
    }
    partition(2, classes(pictures), options, "set");
    assertThatThrownBy(() -> partition(2, classes(pictures), options, "set"))
        .hasMessageContaining("there is a complete one");
    Path run = Files.createDirectories(folder.resolve("run"));
    Files.writeString(run.resolve("provenance.json"), "{}");
    assertThatThrownBy(() -> partition(2, classes(pictures), options, "run"))
        .hasMessageContaining("holds no unfinished data set");
  }

  @Test
  void aNestedTarIsReadForwardsTwiceAndTrainingFetchesAShardOnce() throws IOException {
    CountedFileSystem.register();
    int pictures = 240;
    Path outer = Files.createDirectories(folder.resolve("source")).resolve("train.tar");
    Files.write(outer, tarOfTars(8, pictures / 8));
    CountedFileSystem.reset();
    ImagenetTars source =
        new ImagenetTars("counted:" + outer, Optional.empty(), Optional.empty(), Optional.empty());
    Splits ofSource = new Splits(SplitRule.SOURCE, 0, 0, Optional.empty());
    DatasetManifest set = partition(2, source, options(ofSource, 1, 0), "set");
    assertThat(set.split(SplitName.TRAIN).examples()).isEqualTo(pictures);
    // The headers of the outer tar, then each inner one, counted and read: no picture by itself.
    assertThat(CountedFileSystem.OPENS.get()).isLessThanOrEqualTo(2 * 8 + 4);
    assertThat(CountedFileSystem.SEEKS_BACK.get()).isZero();
    // Buffers read a little more than they are asked for.
    long most = 3 * Files.size(outer) + CountedFileSystem.OPENS.get() * (1 << 17);
    assertThat(CountedFileSystem.BYTES.get()).isLessThanOrEqualTo(most);

    CountedFileSystem.reset();
    int shards = set.split(SplitName.TRAIN).shards().size();
    Location far = Location.of("counted:" + folder.resolve("set"));
    PictureShelf shelf = new PictureShelf(far, set, PictureShelf.Room.ofMebibytes(0));
    PictureStore store = shelf.store(SplitName.TRAIN);
    for (int epoch = 0; epoch < 3; epoch++) {
      for (int i = 0; i < store.examples(); i += 7) {
        assertThat(store.picture(i).height()).isEqualTo(12);
      }
    }
    // The tar and its index.
    assertThat(CountedFileSystem.OPENS.get()).isEqualTo(2L * shards);
    shelf.close();

    CountedFileSystem.reset();
    PictureStore narrow =
        new PictureShelf(far, set, new PictureShelf.Room(0, true, 1)).store(SplitName.TRAIN);
    assertThat(narrow.picture(0).height()).isEqualTo(12);
    assertThat(narrow.picture(pictures - 1).height()).isEqualTo(12);
    assertThat(narrow.picture(0).height()).isEqualTo(12);
    // With room for one shard alone the first one is fetched again.
    assertThat(CountedFileSystem.OPENS.get()).isEqualTo(3 + 2);
  }

  @Test
  void shardsReadAsAWebDatasetKeepTheirClassesAndLabelsCannotBeShifted() throws IOException {
    Path pictures = draw(Map.of("cat", 12, "dog", 12));
    PartitionOptions options = options(new Splits(SplitRule.SOURCE, 0, 0, Optional.empty()), 1, 0);
    DatasetManifest first = partition(2, classes(split(pictures)), options, "first");
    DatasetManifest second =
        partition(
            2,
            new Webdataset(folder.resolve("first/shards").toString(), Optional.empty()),
            options,
            "second");
    assertThat(second.labels()).isEqualTo(first.labels());
    assertThat(second.splits().get(SplitName.TRAIN).classCounts()).containsExactly(12, 12);
    Path index = folder.resolve("first/shards/train-000000.tar.index.json");
    Files.writeString(index, Files.readString(index).replace("\"label\":0", "\"label\":1"));
    PictureStore store = shelf("first").store(SplitName.TRAIN);
    assertThatThrownBy(() -> store.label(0)).hasMessageContaining("its sha256 is");
  }

  /** Puts all pictures below a folder of the training split. */
  private static Path split(Path pictures) throws IOException {
    Path train = pictures.resolveSibling("split").resolve("train");
    Files.createDirectories(train.getParent());
    Files.move(pictures, train);
    return train.getParent();
  }

  private DatasetManifest partition(
      int slots, ImageSource source, PartitionOptions options, String output) {
    try (JavaSparkContext spark = SparkContexts.local("test", slots)) {
      return new DatasetPartitioner(spark, options, line -> {})
          .partition(source, location(output), provenance(), false)
          .manifest();
    }
  }

  private PictureShelf shelf(String set) {
    Location place = location(set);
    return new PictureShelf(place, DatasetManifest.read(place), PictureShelf.Room.ofMebibytes(1));
  }

  private Location location(String name) {
    return Location.of(folder.resolve(name).toString());
  }

  private static Provenance provenance() {
    return Provenance.of(List.of("test"));
  }

  private static ClassFolders classes(Path pictures) {
    return new ClassFolders(pictures.toString(), Optional.empty());
  }

  private static PartitionOptions options(Splits splits, long seed, int rejectedAllowed) {
    return new PartitionOptions(
        splits, new Images(Images.Color.RGB, Optional.empty(), 0.9), 20, rejectedAllowed, seed);
  }

  private static List<String> digests(DatasetManifest set) {
    return set.splits().values().stream()
        .flatMap(split -> split.shards().stream())
        .map(shard -> shard.path() + shard.sha256() + shard.indexSha256())
        .toList();
  }

  private static Map<String, byte[]> shards(Path set) throws IOException {
    Map<String, byte[]> shards = new TreeMap<>();
    try (Stream<Path> files = Files.list(set.resolve("shards"))) {
      for (Path file : files.toList()) {
        shards.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return shards;
  }

  /** Different pictures, so many below each folder. */
  private Path draw(Map<String, Integer> counts) throws IOException {
    Path pictures = folder.resolve("pictures");
    int seed = 0;
    for (var one : new TreeMap<>(counts).entrySet()) {
      Path place = Files.createDirectories(pictures.resolve(one.getKey()));
      for (int i = 0; i < one.getValue(); i++) {
        Files.write(
            place.resolve("%04d.png".formatted(i)),
            PictureEncoder.png(Pictures.noise(12, 16, 3, seed++)));
      }
    }
    return pictures;
  }

  private static byte[] tarOfTars(int tars, int pictures) throws IOException {
    Map<String, byte[]> inner = new TreeMap<>();
    for (int t = 0; t < tars; t++) {
      Map<String, byte[]> members = new TreeMap<>();
      for (int i = 0; i < pictures; i++) {
        members.put(
            "n%d_%d.JPEG".formatted(t, i),
            PictureEncoder.png(Pictures.noise(12, 160, 3, 100 * t + i)));
      }
      inner.put("n%d.tar".formatted(t), tar(members));
    }
    return tar(inner);
  }

  private static byte[] tar(Map<String, byte[]> members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (var member : members.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(member.getKey());
        entry.setSize(member.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(member.getValue());
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }
}
