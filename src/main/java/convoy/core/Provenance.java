package convoy.core;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Properties;

/** Who made a result, with what. */
public record Provenance(
    String convoyVersion,
    String commit,
    String java,
    String system,
    int processors,
    String time,
    List<String> command) {

  /**
   * @param command the words of the command line that asked for the work
   */
  public static Provenance of(List<String> command) {
    Properties build = buildProperties();
    return new Provenance(
        build.getProperty("version", "unknown"),
        build.getProperty("commit", "unknown")
            + ("true".equals(build.getProperty("dirty")) ? " with changes" : ""),
        System.getProperty("java.version"),
        "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
        Runtime.getRuntime().availableProcessors(),
        now(),
        command.stream().map(Secrets::blanked).toList());
  }

  /** This second, UTC. */
  public static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  public static String version() {
    Properties build = buildProperties();
    return "%s (%s)"
        .formatted(build.getProperty("version", "unknown"), build.getProperty("commit", "unknown"));
  }

  private static Properties buildProperties() {
    Properties build = new Properties();
    try (InputStream in = Provenance.class.getResourceAsStream("/convoy/build.properties")) {
      if (in != null) {
        build.load(in);
      }
    } catch (IOException e) {
      throw new IllegalStateException("The jar's own build.properties cannot be read", e);
    }
    return build;
  }
}
