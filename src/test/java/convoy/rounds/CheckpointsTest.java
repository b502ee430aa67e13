package convoy.rounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.Location;
import convoy.core.UserException;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
  private static final byte[] PARAMETERS = {1, 2, 3, 4};
  private static final byte[] OUTER = {5, 6, 7, 8};
  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();
  private final List<Checkpoints.Content> restored = new ArrayList<>();

  private Checkpoints checkpoints() {
    return new Checkpoints(
        Location.of(folder.toString()), NetworkSpec.of("lenet", List.of(1, 28, 28), 10), 5);
  }

  private Optional<Position> restore() {
    return checkpoints().restore(notes::add, restored::add);
  }

  private void save(int round) {
    checkpoints()
        .save(
            new Checkpoints.Content(
                ModelState.atRest(PARAMETERS), Map.of(RoundAverage.OUTER, OUTER)),
            new Position(0, round, 9, 10, 1, Position.Costs.NONE));
  }

  @Test
  void allThatRulesRememberComesBack() {
    save(3);
    assertThat(restore().orElseThrow().round()).isEqualTo(3);
    assertThat(restored.get(0).state().parameters()).isEqualTo(PARAMETERS);
    assertThat(restored.get(0).vectors()).containsOnlyKeys(RoundAverage.OUTER);
    assertThat(restored.get(0).vectors().get(RoundAverage.OUTER)).isEqualTo(OUTER);
    assertThat(notes).isEmpty();
  }

  @Test
  void oneWhoseVectorIsDamagedIsLeftOut() throws IOException {
    save(3);
    save(6);
    Files.write(folder.resolve("epoch-00000-round-000006/outer.bin"), PARAMETERS);
    assertThat(restore().orElseThrow().round()).isEqualTo(3);
    assertThat(notes).singleElement().asString().contains("round-000006 is damaged");
    Files.delete(folder.resolve("epoch-00000-round-000003/outer.bin"));
    assertThatThrownBy(this::restore)
        .isInstanceOf(UserException.class)
        .hasMessageContaining("all checkpoints in");
  }

  @Test
  void oneOfAnotherVersionIsSaid() throws IOException {
    save(3);
    Path description = folder.resolve("epoch-00000-round-000003/checkpoint.json");
    Files.writeString(
        description,
        Files.readString(description)
            .replaceFirst("\"convoy\" : \"[^\"]*\"", "\"convoy\" : \"0.0.1 (abc)\""));
    assertThat(restore()).isPresent();
    assertThat(notes).singleElement().asString().contains("was written by Convoy 0.0.1 (abc)");
  }
}
