package convoy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real data beside the project; a test that needs it is skipped where it is missing. */
public final class TestData {
  private TestData() {}

  public static Path folder(String name) {
    Path folder =
        Path.of(System.getProperty("user.dir")).resolve("../shared/data").resolve(name).normalize();
    assumeTrue(Files.isDirectory(folder), "skipped: there is no " + folder);
    return folder;
  }
}
