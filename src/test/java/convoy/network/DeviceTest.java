package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.UserException;
import convoy.network.Backend.DeviceKind;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Which device a replica gets; no GPU is needed for that. */
class DeviceTest {
  private static final OptionalInt UNASSIGNED = OptionalInt.empty();

  private record Machine(int gpus, String lookedFor) implements Device.Inventory {}

  private static final Machine WITHOUT = new Machine(0, "there is no driver");
  private static final Machine WITH_TWO = new Machine(2, "two were found");

  @Test
  void theCpuIsTheCpuWhateverIsThere() {
    assertThat(Device.choose(DeviceKind.CPU, OptionalInt.of(1), WITH_TWO)).isEqualTo(Device.CPU);
  }

  @Test
  void aTaskTakesTheGpuThatSparkAssignsAndTheFirstOneOtherwise() {
    assertThat(Device.choose(DeviceKind.CUDA, OptionalInt.of(1), WITH_TWO))
        .isEqualTo(Device.gpu(1));
    assertThat(Device.choose(DeviceKind.CUDA, UNASSIGNED, WITH_TWO)).isEqualTo(Device.gpu(0));
    assertThat(Device.choose(DeviceKind.AUTO, UNASSIGNED, WITH_TWO)).isEqualTo(Device.gpu(0));
  }

  @Test
  void autoIsTheCpuWhereThereIsNoGpu() {
    assertThat(Device.choose(DeviceKind.AUTO, UNASSIGNED, WITHOUT)).isEqualTo(Device.CPU);
  }

  @Test
  void aGpuThatIsNotThereIsRefusedWithWhatWasLookedFor() {
    assertThatThrownBy(() -> Device.choose(DeviceKind.CUDA, UNASSIGNED, WITHOUT))
        .isInstanceOf(UserException.class)
        .hasMessage(
            "Cannot use GPU 0: there is no driver. Set network.device=cpu, or run where there are enough.");
    // What Spark assigned and the process does not see is a fault, for auto, too.
    assertThatThrownBy(() -> Device.choose(DeviceKind.AUTO, OptionalInt.of(2), WITH_TWO))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot use GPU 2: two were found.");
  }
}
