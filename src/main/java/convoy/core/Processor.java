package convoy.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What this machine's processor can do, as Linux names it; nothing is known elsewhere. */
public final class Processor {
  private static final Path INFO = Path.of("/proc/cpuinfo");

  private Processor() {}

  /** {@code avx2}, {@code avx512_bf16} and so on. */
  public static List<String> features() {
    if (!Files.exists(INFO)) {
      return List.of();
    }
    try {
      return Files.readAllLines(INFO).stream()
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.substring(line.indexOf(':') + 1).strip().split("\\s+")))
          .orElse(List.of());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + INFO, e);
    }
  }

  /** Whether products of bfloat16 are instructions of this processor. */
  public static boolean hasBfloat16() {
    List<String> features = features();
    return features.contains("avx512_bf16") || features.contains("amx_bf16");
  }
}
