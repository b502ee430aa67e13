package convoy.network;

import convoy.core.UserException;
import convoy.network.Backend.DeviceKind;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device that one replica lives on.
 *
 * @param gpu number of the GPU among those that the process sees; empty for the CPU
 */
public record Device(OptionalInt gpu) {
  private static final Logger LOG = LoggerFactory.getLogger(Device.class);
  public static final Device CPU = new Device(OptionalInt.empty());

  /** What an engine found on this machine. */
  public interface Inventory {
    /** Number of GPUs that can be used. */
    int gpus();

    /** Where GPUs were looked for and what was found, for a message. */
    String lookedFor();
  }

  public static Device gpu(int number) {
    return new Device(OptionalInt.of(number));
  }

  public boolean isGpu() {
    return gpu.isPresent();
  }

  /**
   * The device for a choice.
   *
   * @param assigned GPU that Spark gave the task; the first one where Spark hands out none
   * @throws UserException if a GPU is asked for and cannot be had
   */
  public static Device choose(DeviceKind kind, OptionalInt assigned, Inventory inventory) {
    if (kind == DeviceKind.CPU) {
      return CPU;
    }
    int wanted = assigned.orElse(0);
    if (wanted < inventory.gpus()) {
      return gpu(wanted);
    }
    if (kind == DeviceKind.AUTO && assigned.isEmpty()) {
      LOG.info("Networks run on the CPU: {}", inventory.lookedFor());
      return CPU;
    }
    throw new UserException(
        "Cannot use GPU %d: %s. Set network.device=cpu, or run where there are enough."
            .formatted(wanted, inventory.lookedFor()));
  }
}
