package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A real browser; a test that needs it is skipped where there is none. */
final class Browser {
  private Browser() {}

  /**
   * What a browser makes of a page that has to need no other file.
   *
   * @param folder for the browser's own files
   */
  static String shows(Path page, Path folder) throws Exception {
    Path chromium = Path.of("/usr/bin/chromium");
    assumeTrue(Files.isExecutable(chromium), "skipped: there is no " + chromium);
    Path text = folder.resolve("page.html");
    Process browser =
        new ProcessBuilder(
                chromium.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + folder.resolve("browser"),
                "--dump-dom",
                page.toUri().toString())
            .redirectError(folder.resolve("browser.log").toFile())
            .redirectOutput(text.toFile())
            .start();
    assertThat(browser.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String shown = Files.readString(text);
    // Libraries say who made them in comments.
    assertThat(shown.replaceAll("(?s)/\\*!.*?\\*/", ""))
        .doesNotContain("{{")
        .doesNotContain("https://");
    assertThat(shown).doesNotContain("src=\"http").doesNotContain("href=\"http");
    return shown;
  }
}
