package convoy.data.sources;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import convoy.TestData;
import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.pictures.PictureEncoder;
import convoy.data.pictures.Pictures;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.types.MatFile;
import us.hebi.matlab.mat.types.Struct;

class ImageSourceTest {
  private static final byte[] PICTURE = PictureEncoder.png(Pictures.noise(8, 8, 3, 1));
  @TempDir Path folder;

  @Test
  void classFoldersGiveClassAndSplit() throws IOException {
    write("train/cat/1.jpg", PICTURE);
    write("train/dog/deep/2.PNG", PICTURE);
    write("train/dog/notes.txt", PICTURE);
    write("val/cat/3.jpeg", PICTURE);
    assertThat(paths(new ClassFolders(folder.toString(), Optional.empty())))
        .containsExactly("train cat/1.jpg", "train dog/deep/2.PNG", "validation cat/3.jpeg");
  }

  @Test
  void classesBesideSplitFoldersAreNotLeftOutInSilence() throws IOException {
    write("train/cat/1.jpg", PICTURE);
    write("bus/2.jpg", PICTURE);
    assertThatThrownBy(() -> pictures(new ClassFolders(folder.toString(), Optional.empty())))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("beside [train] it has [bus]");
  }

  @Test
  void anEmptyClassFolderIsNamed() throws IOException {
    write("cat/1.jpg", PICTURE);
    Files.createDirectories(folder.resolve("dog"));
    ClassFolders source = new ClassFolders(folder.toString(), Optional.empty());
    assertThat(source.parts())
        .filteredOn(part -> part.name().endsWith("/dog"))
        .extracting(part -> part.problemIfEmpty().get())
        .containsExactly(
            "Cannot use class folder %s/dog: it has no pictures. Fill it or remove it."
                .formatted(folder));
  }

  @Test
  void fileNamesGiveTheClassBeforeTheNumber() throws IOException {
    for (String name : List.of("cat.0.jpg", "dog.17.jpg", "american_bulldog_3.jpg")) {
      write(name, PICTURE);
    }
    assertThat(pictures(new FileNameClasses(folder.toString(), Optional.empty())))
        .extracting(SourcePicture::className)
        .containsExactly("american_bulldog", "cat", "dog");
    write("12.jpg", PICTURE);
    assertThatThrownBy(() -> pictures(new FileNameClasses(folder.toString(), Optional.empty())))
        .hasMessageContaining("Cannot tell the class of " + folder.resolve("12.jpg"));
  }

  @Test
  void anOuterTarOfClassTarsAndAFolderOfThemAreTheSame() throws IOException {
    byte[] fish = tar(Map.of("n1_0.JPEG", PICTURE, "n1_1.JPEG", PICTURE));
    byte[] bird = tar(Map.of("n2_0.JPEG", PICTURE));
    write("outer/ILSVRC2012_img_train.tar", tar(Map.of("n1.tar", fish, "n2.tar", bird)));
    write("apart/train/n1.tar", fish);
    write("apart/train/n2.tar", bird);
    List<String> wanted = List.of("train n1/n1_0.JPEG", "train n1/n1_1.JPEG", "train n2/n2_0.JPEG");
    for (String path : List.of("outer/ILSVRC2012_img_train.tar", "outer", "apart")) {
      ImagenetTars source = imagenet(folder.resolve(path));
      if (!path.equals("outer")) {
        assertThat(paths(source)).containsExactlyInAnyOrderElementsOf(wanted);
      }
      for (SourcePart part : source.parts()) {
        try (PartReader reader = part.open(skipped -> {})) {
          while (reader.next().isPresent()) {
            assertThat(reader.content()).isEqualTo(PICTURE);
          }
        }
      }
    }
  }

  @Test
  void aTarThatIsCutIsRefused() throws IOException {
    byte[] whole = tar(Map.of("n1_0.JPEG", PICTURE, "n1_1.JPEG", PICTURE));
    write("n1.tar", java.util.Arrays.copyOf(whole, 1200));
    assertThatThrownBy(() -> pictures(imagenet(folder)))
        .hasMessageContaining("n1.tar")
        .hasRootCauseMessage("it is cut short (no end-of-archive block)");
  }

  @Test
  void webDatasetReadsSamplesAsPythonsDoes() throws IOException {
    TreeMap<String, byte[]> members = new TreeMap<>();
    for (String picture : List.of("a.jpg", "a.mask.png", "b.x/c.png", "d.JPG", "._x.jpg", "jpg")) {
      members.put(picture, PICTURE);
    }
    members.put("a.cls", "3".getBytes(UTF_8));
    members.put("b.x/c.cls", "12\n".getBytes(UTF_8));
    members.put("d.json", "{\"label\": 7, \"width\": 8}".getBytes(UTF_8));
    write("train-000000.tar", tar(members));
    Webdataset source = new Webdataset(folder.toString(), Optional.empty());
    assertThat(pictures(source))
        .extracting(one -> one.split() + " " + one.className() + " " + one.name())
        .containsExactly(
            "train 3 train-000000.tar/a.jpg",
            "train 12 train-000000.tar/b.x/c.png",
            "train 7 train-000000.tar/d.JPG");
    assertThat(skipped(source))
        .extracting(SourcePart.Skipped::name)
        .containsExactly("._x.jpg", "a.mask.png", "jpg");
    write("train-000001.tar", tar(Map.of("d.jpg", PICTURE)));
    assertThatThrownBy(() -> pictures(source)).hasMessageContaining("there is no member d.cls");
    assertThat(new Webdataset(folder + "/train-{000000..000001}.tar", Optional.empty()).parts())
        .hasSize(2);
  }

  @Test
  void patternsTellClassSplitAndGroupOfFilesAndMembers() throws IOException {
    write("a/n01440764_tench.JPEG", PICTURE);
    write("a/README.md", PICTURE);
    write("b.tar", tar(Map.of("val/n01443537_goldfish.JPEG", PICTURE)));
    PathPattern source =
        new PathPattern(
            folder.toString(),
            "(?<group>[^/]+)/((?<split>val)/)?(?<class>n\\d+)_.*",
            Optional.empty());
    assertThat(pictures(source))
        .extracting(one -> String.join(" ", one.split(), one.className(), one.group()))
        .containsExactly(" n01440764 a", "validation n01443537 b.tar");
    assertThat(skipped(source)).extracting(SourcePart.Skipped::name).contains("README.md");
    write("a/other.jpg", PICTURE);
    assertThatThrownBy(() -> pictures(source))
        .hasMessageContaining("Cannot tell the class of " + folder.resolve("a/other.jpg"));
    assertThatThrownBy(() -> new PathPattern("x", "(?<klass>.*)", Optional.empty()))
        .hasMessageContaining("needs a group for the class");
  }

  @Test
  void listsNameTheirPictures() throws IOException {
    write("pictures/1.jpg", PICTURE);
    write("pictures/2.jpg", PICTURE);
    write(
        "list.csv",
        "path,class,split,group\n1.jpg,\"tench, Tinca tinca\",val,dog 7\n2.jpg,cat,,\n"
            .getBytes(UTF_8));
    PictureList source =
        new PictureList(
            folder.resolve("list.csv").toString(),
            Optional.of(folder.resolve("pictures").toString()),
            Optional.empty());
    try (PartReader reader = source.parts().get(0).open(skipped -> {})) {
      SourcePicture first = reader.next().orElseThrow();
      assertThat(List.of(first.split(), first.className(), first.group()))
          .containsExactly("validation", "tench, Tinca tinca", "dog 7");
      assertThat(reader.content()).isEqualTo(PICTURE);
      assertThat(reader.next().orElseThrow().split()).isEmpty();
      assertThat(reader.next()).isEmpty();
    }
    write("list.csv", "path,class\n1.jpg,\n".getBytes(UTF_8));
    assertThatThrownBy(() -> source.parts().get(0).open(skipped -> {}).next())
        .hasMessageContaining("row 1 has no class");
  }

  @Test
  void imagenetsFlatTarTakesItsClassesFromItsLabels() throws IOException {
    write(
        "ILSVRC2012_img_val.tar",
        tar(
            new TreeMap<>(
                Map.of(
                    "ILSVRC2012_val_00000001.JPEG", PICTURE,
                    "ILSVRC2012_val_00000002.JPEG", PICTURE))));
    write("truth.txt", "2\n1\n".getBytes(UTF_8));
    write("synsets.txt", "n1 one\nn2 two\n".getBytes(UTF_8));
    write(
        "solution.csv",
        "ImageId,PredictionString\nILSVRC2012_val_00000002,n1 1 2 3 4\nILSVRC2012_val_00000001,n2 5 6 7 8 n2 1 1 1 1\n"
            .getBytes(UTF_8));
    String tar = folder.resolve("ILSVRC2012_img_val.tar").toString();
    writeDevkit();
    for (ImagenetTars source :
        List.of(
            new ImagenetTars(tar, Optional.empty(), file("truth.txt"), file("synsets.txt")),
            new ImagenetTars(tar, file("meta.mat"), file("truth.txt"), file("meta.mat")),
            new ImagenetTars(tar, Optional.empty(), file("solution.csv"), Optional.empty()))) {
      assertThat(pictures(source))
          .extracting(one -> one.split() + " " + one.className())
          .containsExactly("validation n2", "validation n1");
    }
    assertThatThrownBy(() -> imagenet(Path.of(tar)).parts())
        .hasMessageContaining("source.validation-labels");
    assertThatThrownBy(
            () ->
                new ImagenetTars(tar, Optional.empty(), file("truth.txt"), Optional.empty())
                    .parts())
        .hasMessageContaining("source.synsets");
  }

  /** As the kit's is: a class's number is not its row, and an inner node comes last. */
  private void writeDevkit() throws IOException {
    Struct synsets = Mat5.newStruct(3, 1);
    List<String> ids = List.of("n2", "n1", "n3");
    for (int row = 0; row < 3; row++) {
      synsets
          .set("num_children", row, Mat5.newScalar(row == 2 ? 4 : 0))
          .set("ILSVRC2012_ID", row, Mat5.newScalar(List.of(2, 1, 3).get(row)))
          .set("WNID", row, Mat5.newString(ids.get(row)))
          .set("words", row, Mat5.newString(ids.get(row) + ", a thing"));
    }
    try (MatFile file = Mat5.newMatFile().addArray("synsets", synsets)) {
      Mat5.writeToFile(file, folder.resolve("meta.mat").toFile());
    }
  }

  @Test
  void classNamesMayHaveCommas() {
    assertThat(ClassNames.parse("labels.csv", "synset,name\nn1,\"tench, Tinca tinca\"\n"))
        .containsOnly(entry("n1", "tench, Tinca tinca"));
    assertThat(ClassNames.parse("index.json", "{\"0\": [\"n1\", \"tench, \\\"Tinca\\\"\"]}"))
        .containsOnly(entry("n1", "tench, \"Tinca\""));
    assertThat(ClassNames.parse("map.txt", "n1 tench, Tinca tinca\n"))
        .containsOnly(entry("n1", "tench, Tinca tinca"));
  }

  @Test
  void classNamesAndNumbersComeFromImagenetsDevelopmentKit() throws IOException {
    writeDevkit();
    assertThat(ClassNames.find(Location.of(folder.toString()), file("meta.mat")))
        .containsOnly(entry("n1", "n1, a thing"), entry("n2", "n2, a thing"));
    assertThat(DevkitSynsets.read(Location.of(folder + "/meta.mat")).byNumber())
        .containsOnly(entry(1, "n1"), entry(2, "n2"));
    assertThatThrownBy(() -> DevkitSynsets.read(Location.of(folder + "/missing.mat")))
        .hasMessageContaining("missing.mat: it does not exist");
    write("other.mat", "MATLAB 5.0 MAT-file, but no more".getBytes(UTF_8));
    assertThatThrownBy(() -> ClassNames.find(Location.of(folder.toString()), file("other.mat")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("data/meta.mat");
    try (MatFile file = Mat5.newMatFile().addArray("synsets", Mat5.newStruct(1, 1))) {
      Mat5.writeToFile(file, folder.resolve("other.mat").toFile());
    }
    assertThatThrownBy(() -> DevkitSynsets.read(Location.of(folder + "/other.mat")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("its fields are []");
  }

  private Optional<String> file(String name) {
    return Optional.of(folder.resolve(name).toString());
  }

  @Test
  void whatIsPassedOverIsToldWithItsReason() throws IOException {
    write("cat/1.jpg", PICTURE);
    write("cat/2.heic", PICTURE);
    write("cat/.hidden.jpg", PICTURE);
    write("cat/notes", PICTURE);
    write("labels.csv", "class,name\ncat,Cat\n".getBytes(UTF_8));
    write("stray.jpg", PICTURE);
    assertThat(skipped(new ClassFolders(folder.toString(), Optional.empty())))
        .extracting(one -> one.name() + " " + one.reason())
        .containsExactlyInAnyOrder(
            "2.heic is a picture of a format that cannot be read (.heic)",
            ".hidden.jpg is hidden",
            "notes has no picture's extension",
            "stray.jpg lies beside the class folders");
  }

  @Test
  void linksAndPipesInTarsAreNoFiles() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (byte kind :
          new byte[] {TarConstants.LF_SYMLINK, TarConstants.LF_LINK, TarConstants.LF_FIFO}) {
        TarArchiveEntry entry = new TarArchiveEntry("n1_" + (char) kind + ".jpg", kind);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
      }
      TarArchiveEntry entry = new TarArchiveEntry("n1_0.jpg");
      entry.setSize(PICTURE.length);
      tar.putArchiveEntry(entry);
      tar.write(PICTURE);
      tar.closeArchiveEntry();
    }
    write("n1.tar", bytes.toByteArray());
    assertThat(pictures(imagenet(folder)))
        .extracting(SourcePicture::name)
        .containsExactly("n1_0.jpg");
  }

  @Test
  void numbersAreClassesInOrderOfTheirValue() {
    assertThat(LabelIndex.of(List.of("10", "9", "100"), Map.of("9", "nine")).labels())
        .extracting(LabelIndex.Label::humanName)
        .containsExactly("nine", "10", "100");
  }

  @Test
  void mnistReadsPlainAndZippedFiles() throws IOException {
    write("train-images-idx3-ubyte", idxImages(3, 4, 5));
    write("train-labels.idx1-ubyte", idxLabels(7, 0, 7));
    write("t10k-images-idx3-ubyte.gz", zip(idxImages(1, 4, 5)));
    write("t10k-labels-idx1-ubyte.gz", zip(idxLabels(9)));
    List<SourcePicture> references = pictures(new Mnist(folder.toString(), Optional.empty()));
    assertThat(references).extracting(SourcePicture::className).containsExactly("7", "0", "7", "9");
    assertThat(references.get(0).raw()).contains(new SourcePicture.RawPixels(1, 4, 5));
  }

  @Test
  void cifarRecordsAreALabelAndThreePlanes() throws IOException {
    byte[] batch = new byte[2 * 3073];
    batch[3073] = 8;
    write("data_batch_1.bin", batch);
    write("batches.meta.txt", "airplane\nautomobile\n".getBytes());
    Cifar10 source = new Cifar10(folder.toString(), Optional.empty());
    assertThat(pictures(source)).extracting(SourcePicture::className).containsExactly("0", "8");
    assertThat(source.humanNames()).containsEntry("1", "automobile");
    write("test_batch.bin", new byte[100]);
    assertThatThrownBy(() -> pictures(source)).hasMessageContaining("not whole records");
  }

  @Test
  void imagenettesTarsGiveTheirCounts() throws IOException {
    Path data = TestData.folder("imagenette224");
    ImagenetTars source = imagenet(data);
    List<SourcePicture> references = pictures(source);
    assertThat(references).filteredOn(r -> r.split().equals("train")).hasSize(9469);
    assertThat(references).filteredOn(r -> r.split().equals("validation")).hasSize(3925);
    assertThat(source.humanNames()).containsEntry("n01440764", "tench").hasSize(10);
  }

  private static List<String> paths(ImageSource source) {
    return pictures(source).stream().map(one -> one.split() + " " + one.path()).toList();
  }

  /** All pictures, read twice: from the beginning, and each from its own mark or row. */
  private static List<SourcePicture> pictures(ImageSource source) {
    List<SourcePicture> pictures = new ArrayList<>();
    for (SourcePart part : source.parts()) {
      List<Long> marks = new ArrayList<>(List.of(0L));
      List<SourcePicture> ofPart = new ArrayList<>();
      try (PartReader reader = part.open(skipped -> {})) {
        for (var next = reader.next(); next.isPresent(); next = reader.next()) {
          ofPart.add(next.get());
          marks.add(reader instanceof MarkedReader marked ? marked.mark() : 0L);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(part.name(), e);
      }
      for (int i = 0; i < ofPart.size() && i < 20; i++) {
        try (PartReader reader = again(part, marks.get(i), ofPart.get(i))) {
          assertThat(reader.next()).contains(ofPart.get(i));
          byte[] content = reader.content();
          if (ofPart.get(i).length() != SourcePicture.UNKNOWN) {
            assertThat(content.length).isEqualTo((int) ofPart.get(i).length());
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      pictures.addAll(ofPart);
    }
    return pictures;
  }

  private static PartReader again(SourcePart part, long mark, SourcePicture picture) {
    return part instanceof LoosePart loose
        ? FoundPictures.open(loose, List.of(FoundPictures.row(picture).stripTrailing()))
        : ((FilePart) part).open(mark, skipped -> {});
  }

  private static List<SourcePart.Skipped> skipped(ImageSource source) {
    List<SourcePart.Skipped> skipped = new ArrayList<>();
    for (SourcePart part : source.parts()) {
      try (PartReader reader = part.open(skipped::add)) {
        for (var next = reader.next(); next.isPresent(); next = reader.next()) {}
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return skipped;
  }

  private static ImagenetTars imagenet(Path path) {
    return new ImagenetTars(path.toString(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  private void write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
  }

  private static byte[] tar(Map<String, byte[]> members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (var member : members.entrySet()) {
        TarArchiveEntry entry = new TarArchiveEntry(member.getKey(), true);
        entry.setSize(member.getValue().length);
        tar.putArchiveEntry(entry);
        tar.write(member.getValue());
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] idxImages(int count, int height, int width) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (int value : new int[] {0x803, count, height, width}) {
      out.writeInt(value);
    }
    out.write(new byte[count * height * width]);
    return bytes.toByteArray();
  }

  private static byte[] idxLabels(int... labels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(0x801);
    out.writeInt(labels.length);
    for (int label : labels) {
      out.writeByte(label);
    }
    return bytes.toByteArray();
  }

  private static byte[] zip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }
}
