package convoy.report;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** HTML pages from the templates in the jar. */
final class Pages {
  private static final String PLOTS = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

  private Pages() {}

  /** The library that draws lines, and how these are named. */
  static String plots() {
    return text(PLOTS + "uPlot.iife.min.js") + "\n" + text("plots.js");
  }

  static String plotStyle() {
    return text(PLOTS + "uPlot.min.css");
  }

  /**
   * @param template name of a file beside this class
   */
  static String fill(String template, Object values) {
    try (Reader reader = open(template)) {
      return Mustache.compiler().withLoader(Pages::open).compile(reader).execute(values);
    } catch (IOException e) {
      throw new UncheckedIOException("The jar's own template cannot be read", e);
    }
  }

  private static Reader open(String template) {
    return new InputStreamReader(Pages.class.getResourceAsStream(template), StandardCharsets.UTF_8);
  }

  /**
   * The text of a file beside this class, or of a library's.
   *
   * @param name from the root of the jar where it begins with a slash
   */
  static String text(String name) {
    try (InputStream in = Pages.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("The jar's own file %s cannot be read".formatted(name), e);
    }
  }

  /** A picture within a page. */
  static String image(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }
}
