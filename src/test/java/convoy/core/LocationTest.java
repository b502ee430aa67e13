package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocationTest {
  @TempDir Path folder;

  @Test
  void aFileThatCouldNotBeWrittenWholeIsNotThere() throws IOException {
    Location file = Location.of(folder.resolve("a.txt").toString());
    file.writeText("old");
    assertThatThrownBy(
            () ->
                file.write(
                    out -> {
                      out.write(1);
                      throw new IOException("disk full");
                    }))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("disk full");
    assertThat(file.readText()).isEqualTo("old");
    try (var left = Files.list(folder)) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void aMissingFileIsNamed() {
    Location file = Location.of(folder.resolve("none.txt").toString());
    assertThatThrownBy(file::readText)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("none.txt")
        .hasMessageContaining("does not exist");
  }

  @Test
  void aFolderThatCannotBeWrittenIsAProblem() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThat(Location.of(file + "/below").problemsWithWriting())
        .singleElement()
        .asString()
        .startsWith("Cannot write into " + file);
  }

  @Test
  void namesWithSpacesAndSignsAreNames() {
    Location file = Location.of(folder.resolve("a b#c%d").toString()).child("x y.txt");
    file.writeText("here");
    assertThat(file.readText()).isEqualTo("here");
    assertThat(Location.of(folder.resolve("a b#c%d").toString()).list())
        .singleElement()
        .satisfies(entry -> assertThat(entry.location().readText()).isEqualTo("here"));
  }

  @Test
  void aStretchIsReadForwardsWithShortSkipsAndLongOnes() throws IOException {
    Location file = Location.of(folder.resolve("r").toString());
    byte[] content = new byte[5_000_000];
    new SplittableRandom(1).nextBytes(content);
    file.writeBytes(content);
    try (InputStream in = file.open(3, 4_500_000)) {
      assertThat(in.readNBytes(2)).isEqualTo(Arrays.copyOfRange(content, 3, 5));
      for (int skip : new int[] {1, 200_000, 3_000_000}) {
        in.skipNBytes(skip);
      }
      assertThat(in.readNBytes(10)).isEqualTo(Arrays.copyOfRange(content, 3_200_006, 3_200_016));
      in.skipNBytes(4_500_000 - 3_200_013 - 1);
      assertThat(in.read()).isEqualTo(content[4_500_002] & 0xFF);
      assertThat(in.read()).isEqualTo(-1);
      assertThat(in.skip(2_000_000)).isZero();
    }
  }

  @Test
  void aFileThatCannotBeWrittenWholeIsNotThere() {
    Location file = Location.of(folder.resolve("x/y").toString());
    assertThatThrownBy(
            () ->
                file.write(
                    out -> {
                      out.write(1);
                      throw new IOException("no more");
                    }))
        .hasMessageContaining("Cannot write " + file + ": no more");
    assertThat(file.parent().list(true)).isEmpty();
  }
}
