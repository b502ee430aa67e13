package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir Path folder;

  /** A key came later, and meant 5 before. */
  record Config(int epochs, @Otherwise("5") int patience) {}

  @Test
  void aRunOfBeforeANewKeyGoesOnAsItWas() {
    Location run = Location.of(folder.toString());
    run.child("config.yaml").writeText("# job: train\nepochs: 3\n");
    RunFolder.require(run, "train", new Config(3, 5), List.of());
    assertThatThrownBy(() -> RunFolder.require(run, "train", new Config(3, 6), List.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("there 'patience: 5', here 'patience: 6'");
    assertThatThrownBy(() -> RunFolder.require(run, "train", new Config(4, 5), List.of()))
        .hasMessageContaining("there 'epochs: 3', here 'epochs: 4'");
    run.child("config.yaml").writeText("# job: train\nepoch: 3\n");
    assertThatThrownBy(() -> RunFolder.require(run, "train", new Config(3, 5), List.of()))
        .hasMessageContaining("there 'epoch: 3', here 'epochs: 3'");
    assertThat(run.child("provenance.json").exists()).isFalse();
  }
}
