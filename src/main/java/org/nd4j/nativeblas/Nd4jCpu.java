package org.nd4j.nativeblas;

/**
 * Gives DL4J its oneDNN layers back.
 *
 * <p>Before a layer uses oneDNN, {@code org.deeplearning4j.nn.layers.mkldnn.BaseMKLDNNHelper} asks
 * {@code org.nd4j.nativeblas.Nd4jCpu$Environment.isUseMKLDNN()} by reflection. ND4J 1.0.0-M2 moved
 * that class and renamed the method, DL4J was not changed, and every convolution has run on the
 * slow path since. This class has the old name and asks the new one.
 */
public final class Nd4jCpu {

  private Nd4jCpu() {}

  /** The old name of ND4J's native environment. */
  public static final class Environment {
    private static final Environment INSTANCE = new Environment();

    private Environment() {}

    public static Environment getInstance() {
      return INSTANCE;
    }

    /** Whether the native library was built with oneDNN and may use it. */
    public boolean isUseMKLDNN() {
      return org.nd4j.linalg.cpu.nativecpu.bindings.Nd4jCpu.Environment.getInstance().isUseONEDNN();
    }
  }
}
