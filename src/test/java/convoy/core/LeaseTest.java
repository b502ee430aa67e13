package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseTest {
  @TempDir Path folder;

  @Test
  void whatKilledWritersHaveLeftGoesWhenTheFolderIsTakenAgain() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models/best"));
    Path partial = Files.writeString(models.resolve(".model.json.0123-4567.partial"), "{");
    Path whole = Files.writeString(models.resolve("model.json"), "{}");
    Path anothers = Files.writeString(models.resolve(".model.json.89ab-cdef.partial"), "{");
    FileTime before = FileTime.from(Instant.now().minus(Duration.ofMinutes(2)));
    Files.setLastModifiedTime(partial, before);
    Path other = Files.writeString(models.resolve("notes.partial"), "of a person");
    Location place = Location.of(folder.toString());
    try (Lease lease = Lease.take(place, "run")) {
      lease.requireHeld();
      lease.cleanUp();
      assertThat(partial).doesNotExist();
      assertThat(whole).exists();
      assertThat(other).exists();
      // It may be at work still.
      assertThat(anothers).exists();
      assertThatThrownBy(() -> Lease.requireFree(place, "run"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("has been at work since");
    }
    Lease.requireFree(place, "run");
  }
}
