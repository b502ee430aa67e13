package convoy.network;

import java.io.Serializable;

/**
 * What a run computes with; a choice of the run, never of the network: a model trained with one
 * backend is evaluated, resumed and averaged with another.
 */
public record Backend(EngineName engine, DeviceKind device, Precision precision)
    implements Serializable {

  /** On processors, in single precision. */
  public static final Backend TORCH_CPU =
      new Backend(EngineName.TORCH, DeviceKind.CPU, Precision.FLOAT32);

  /** The engines. */
  public enum EngineName {
    /** libtorch. */
    TORCH,
    /** Deeplearning4j on ND4J. */
    DL4J
  }

  /** Where arrays live. */
  public enum DeviceKind {
    CPU,
    /** An NVIDIA GPU. */
    CUDA,
    /** A GPU where there is one, otherwise the CPU. */
    AUTO
  }

  /** Of activations and kernels; master weights, statistics, losses and averages are float32. */
  public enum Precision {
    FLOAT32,
    BFLOAT16
  }
}
