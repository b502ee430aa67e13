package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseTest {
  @TempDir Path folder;

  @Test
  void whatKilledWritersHaveLeftGoesWhenTheFolderIsTakenAgain() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models/best"));
    Path partial = Files.writeString(models.resolve(".model.json.0123-4567.partial"), "{");
    Path whole = Files.writeString(models.resolve("model.json"), "{}");
    Path anothers = Files.writeString(folder.resolve(".lease.json.0123-4567.partial"), "{");
    Path other = Files.writeString(models.resolve("notes.partial"), "of a person");
    Location place = Location.of(folder.toString());
    try (Lease lease = Lease.take(place, "run")) {
      lease.requireHeld();
      assertThat(partial).doesNotExist();
      assertThat(whole).exists();
      assertThat(other).exists();
      assertThat(anothers).exists();
      assertThatThrownBy(() -> Lease.requireFree(place, "run"))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("has been at work since");
    }
    Lease.requireFree(place, "run");
  }
}
