package convoy.network.dl4j;

import convoy.core.Processor;
import java.util.List;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts ND4J once a JVM: picks the best native library for this processor, turns DL4J's oneDNN
 * layers on, keeps every replica on one thread. Has to come before any other use of ND4J.
 */
final class Onednn {
  private static final Logger LOG = LoggerFactory.getLogger(Onednn.class);
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
  private static final String HELPERS_DISABLED = "org.eclipse.deeplearning4j.helpers.disable";
  private static final String LIBRARIES = "/org/nd4j/linalg/cpu/nativecpu/bindings/linux-x86_64";

  static {
    if (System.getProperty(EXTENSION) == null) {
      System.setProperty(EXTENSION, bestExtension());
    }
    if (System.getProperty(HELPERS_DISABLED) == null) {
      System.setProperty(HELPERS_DISABLED, "false");
    }
    // ND4J counts what the whole process has mapped, Spark's files included; the JVM's own limits
    // do.
    System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    Nd4j.getEnvironment().setMaxThreads(1);
    if (used()) {
      LOG.info("Network layers run on oneDNN ({})", System.getProperty(EXTENSION));
    } else {
      LOG.warn(
          "Network layers run without oneDNN (native library '{}'): several times slower. A library with oneDNN exists for Linux on x86-64 with AVX2.",
          System.getProperty(EXTENSION));
    }
    if (!"1".equals(System.getenv("OMP_NUM_THREADS"))) {
      LOG.warn(
          "OMP_NUM_THREADS is {}, not 1: replicas of one JVM will fight for cores",
          System.getenv("OMP_NUM_THREADS"));
    }
  }

  private Onednn() {}

  /** Makes sure that the engine is started. */
  static void start() {
    // The work is in the initializer, which the JVM runs once.
  }

  /** Whether layers use oneDNN, as DL4J itself asks. */
  static boolean used() {
    return !Boolean.getBoolean(HELPERS_DISABLED)
        && org.deeplearning4j.nn.layers.mkldnn.BaseMKLDNNHelper.mklDnnEnabled();
  }

  private static String bestExtension() {
    List<String> flags = Processor.features();
    if (flags.containsAll(List.of("avx512f", "avx512bw", "avx512dq", "avx512vl"))
        && shipped("-onednn-avx512")) {
      return "-onednn-avx512";
    }
    if (flags.contains("avx2") && shipped("-onednn-avx2")) {
      return "-onednn-avx2";
    }
    return "";
  }

  private static boolean shipped(String extension) {
    return Onednn.class.getResource(LIBRARIES + extension + "/libnd4jcpu.so") != null;
  }
}
