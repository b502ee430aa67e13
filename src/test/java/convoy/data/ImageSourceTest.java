package convoy.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.TestData;
import convoy.core.Location;
import convoy.core.UserException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    assertThatThrownBy(() -> new ClassFolders(folder.toString(), Optional.empty()).list())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("beside [train] it has [bus]");
  }

  @Test
  void anEmptyClassFolderIsNamed() throws IOException {
    write("cat/1.jpg", PICTURE);
    Files.createDirectories(folder.resolve("dog"));
    assertThatThrownBy(() -> new ClassFolders(folder.toString(), Optional.empty()).list())
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot use class folder %s/dog: it has no pictures. Fill it or remove it."
                .formatted(folder));
  }

  @Test
  void fileNamesGiveTheClassBeforeTheNumber() throws IOException {
    for (String name : List.of("cat.0.jpg", "dog.17.jpg", "american_bulldog_3.jpg")) {
      write(name, PICTURE);
    }
    assertThat(new FileNameClasses(folder.toString(), Optional.empty()).list())
        .extracting(ImageReference::className)
        .containsExactly("american_bulldog", "cat", "dog");
    write("12.jpg", PICTURE);
    assertThatThrownBy(() -> new FileNameClasses(folder.toString(), Optional.empty()).list())
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
      ImagenetTars source = new ImagenetTars(folder.resolve(path).toString(), Optional.empty());
      if (!path.equals("outer")) {
        assertThat(paths(source)).containsExactlyInAnyOrderElementsOf(wanted);
      }
      for (ImageReference reference : source.list()) {
        byte[] content = new byte[(int) reference.length()];
        new Location(reference.file()).readFully(reference.offset(), content);
        assertThat(content).isEqualTo(PICTURE);
      }
    }
  }

  @Test
  void aTarThatIsCutIsRefused() throws IOException {
    byte[] whole = tar(Map.of("n1_0.JPEG", PICTURE, "n1_1.JPEG", PICTURE));
    write("n1.tar", java.util.Arrays.copyOf(whole, 1200));
    assertThatThrownBy(() -> new ImagenetTars(folder.toString(), Optional.empty()).list())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("n1.tar");
  }

  @Test
  void webDatasetPairsPicturesWithTheirClasses() throws IOException {
    write(
        "train-000000.tar",
        tar(
            Map.of(
                "a.jpg",
                PICTURE,
                "a.cls",
                "3".getBytes(),
                "b.x/c.png",
                PICTURE,
                "b.x/c.cls",
                "12\n".getBytes())));
    List<ImageReference> references = new Webdataset(folder.toString(), Optional.empty()).list();
    assertThat(references)
        .extracting(ImageReference::className)
        .containsExactlyInAnyOrder("3", "12");
    assertThat(references).extracting(ImageReference::split).containsOnly("train");
    write("train-000001.tar", tar(Map.of("d.jpg", PICTURE)));
    assertThatThrownBy(() -> new Webdataset(folder.toString(), Optional.empty()).list())
        .hasMessageContaining("there is no member d.cls");
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
    List<ImageReference> references = new Mnist(folder.toString(), Optional.empty()).list();
    assertThat(references)
        .extracting(ImageReference::className)
        .containsExactly("7", "0", "7", "9");
    assertThat(references.get(1).offset()).isEqualTo(16 + 20);
    assertThat(references.get(0).raw()).isEqualTo(new ImageReference.RawPixels(1, 4, 5));
  }

  @Test
  void cifarRecordsAreALabelAndThreePlanes() throws IOException {
    byte[] batch = new byte[2 * 3073];
    batch[3073] = 8;
    write("data_batch_1.bin", batch);
    write("batches.meta.txt", "airplane\nautomobile\n".getBytes());
    Cifar10 source = new Cifar10(folder.toString(), Optional.empty());
    assertThat(source.list()).extracting(ImageReference::className).containsExactly("0", "8");
    assertThat(source.list()).extracting(ImageReference::offset).containsExactly(1L, 3074L);
    assertThat(source.humanNames()).containsEntry("1", "automobile");
    write("test_batch.bin", new byte[100]);
    assertThatThrownBy(source::list).hasMessageContaining("not whole records");
  }

  @Test
  void imagenettesTarsGiveTheirCounts() throws IOException {
    Path data = TestData.folder("imagenette224");
    ImagenetTars source = new ImagenetTars(data.toString(), Optional.empty());
    List<ImageReference> references = source.list();
    assertThat(references).filteredOn(r -> r.split().equals("train")).hasSize(9469);
    assertThat(references).filteredOn(r -> r.split().equals("validation")).hasSize(3925);
    assertThat(source.humanNames()).containsEntry("n01440764", "tench").hasSize(10);
  }

  private static List<String> paths(ImageSource source) throws IOException {
    List<String> paths = new ArrayList<>();
    source.list().forEach(reference -> paths.add(reference.split() + " " + reference.path()));
    return paths;
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
