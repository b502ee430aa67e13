package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  void aChannelShowsItsRangeOnly() throws IOException {
    Location file = Location.of(folder.resolve("r").toString());
    file.writeText("0123456789");
    try (var channel = file.openChannel(3, 4)) {
      var buffer = java.nio.ByteBuffer.allocate(10);
      while (channel.read(buffer) > 0) {
        assertThat(channel.position()).isLessThanOrEqualTo(4);
      }
      assertThat(
              new String(
                  buffer.array(), 0, buffer.position(), java.nio.charset.StandardCharsets.UTF_8))
          .isEqualTo("3456");
    }
  }
}
