package convoy.network.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts libtorch once a JVM, before its first tensor. */
final class Libtorch {
  private static final Logger LOG = LoggerFactory.getLogger(Libtorch.class);

  /** glibc's names, of {@code malloc.h}. */
  private static final int M_TRIM_THRESHOLD = -1;

  private static final int M_TOP_PAD = -2;
  private static final int M_MMAP_MAX = -4;
  private static final int M_ARENA_MAX = -8;
  private static final int TOP_PAD = 256 << 20;

  /** The C library, as far as it is needed. */
  interface LibC extends Library {
    int mallopt(int parameter, int value);
  }

  static {
    keepMemory();
    keepSparkFromOurBlas();
    // JavaCPP would count what the whole process has mapped, Spark's files included.
    System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    Loader.load(torch.class);
    torch.set_num_threads(1);
    // On GPUs: the same bits again, and single precision that is single.
    torch.globalContext().setDeterministicCuDNN(true);
    torch.globalContext().setAllowTF32CuDNN(false);
    LOG.info("libtorch runs with {} kernels", torch.get_cpu_capability().getString());
  }

  private Libtorch() {}

  /** Makes sure that the library is there, and keeps this thread's operations on this thread. */
  static void start() {
    torch.set_num_threads(1);
  }

  /**
   * Spark's linear algebra takes the system's OpenBLAS where there is one, and the linker would
   * give it libtorch's in its place, which has the same soname: its estimators would crash the
   * process. They have an implementation in Java, which they take where the system has none. One
   * that is loaded already stays, and does no harm.
   */
  private static void keepSparkFromOurBlas() {
    for (String library : List.of("blas", "lapack", "arpack")) {
      String key = "dev.ludovic.netlib.%s.nativeLib".formatted(library);
      if (System.getProperty(key) == null) {
        System.setProperty(key, "none-beside-libtorch");
      }
    }
  }

  /**
   * libtorch asks for memory for every tensor, and glibc would map and unmap the large ones in each
   * step: ResNet-50 trains 1.35 times faster when it keeps them, in one arena, where what one
   * replica has freed serves the others. Elsewhere there is nothing to do.
   */
  private static void keepMemory() {
    if (!Platform.isLinux()) {
      return;
    }
    try {
      LibC c = Native.load("c", LibC.class);
      boolean done =
          c.mallopt(M_MMAP_MAX, 0) == 1
              && c.mallopt(M_TRIM_THRESHOLD, Integer.MAX_VALUE) == 1
              && c.mallopt(M_TOP_PAD, TOP_PAD) == 1
              && c.mallopt(M_ARENA_MAX, 1) == 1;
      if (!done) {
        LOG.warn("The C library did not take the allocator's settings: steps will be slower");
      }
    } catch (UnsatisfiedLinkError e) {
      LOG.info("The C library has no mallopt: its allocator stays as it is ({})", e.getMessage());
    }
  }
}
