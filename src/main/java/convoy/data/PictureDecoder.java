package convoy.data;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Any picture file to 8-bit samples that look right: the right way up (EXIF), on white where it is
 * transparent, CMYK through its profile, 16 bits by their upper half.
 *
 * <p>Decoders fill what a cut file lacks with gray and say so in a warning that nobody reads. Here
 * a warning about missing data makes the picture a broken one.
 */
public final class PictureDecoder {
  private static final long MOST_PIXELS = 1L << 27;

  static {
    // Pictures are in memory already; a cache on disk would only cost.
    ImageIO.setUseCache(false);
    ImageIO.scanForPlugins();
  }

  private PictureDecoder() {}

  /**
   * @param picture as it looks
   * @param plain whether the file itself can be kept: a gray or colour JPEG, or an 8-bit PNG
   *     without transparency, that needs no turning
   */
  public record Decoded(Picture picture, boolean plain) {}

  public static Picture decode(byte[] file) throws BrokenPictureException {
    return inspect(file).picture();
  }

  public static Decoded inspect(byte[] file) throws BrokenPictureException {
    PictureFormat format = PictureFormat.of(file);
    if (format == PictureFormat.JPEG) {
      JpegStructure.check(file);
    }
    BufferedImage image = read(file);
    Picture upright = Pixels.of(image);
    int orientation = Orientation.of(file, format);
    boolean ordinaryFile =
        format == PictureFormat.PNG
            || format == PictureFormat.JPEG && JpegStructure.isOrdinary(file);
    boolean ordinarySamples =
        image.getSampleModel().getSampleSize(0) == 8
            && !image.getColorModel().hasAlpha()
            && !(image.getColorModel() instanceof IndexColorModel);
    return new Decoded(
        Orientation.apply(upright, orientation),
        ordinaryFile && ordinarySamples && orientation == 1);
  }

  /** Tries each decoder that knows the format: where one refuses, another may do. */
  private static BufferedImage read(byte[] file) throws BrokenPictureException {
    Exception first = null;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
        ImageReader reader = readers.next();
        try {
          in.seek(0);
          return readWith(reader, in);
        } catch (BrokenPictureException e) {
          throw e;
        } catch (IOException | RuntimeException e) {
          // Decoders throw whatever a broken file leads them to, such as
          // NegativeArraySizeException.
          first = first == null ? e : first;
        } finally {
          reader.dispose();
        }
      }
    } catch (IOException e) {
      first = e;
    }
    throw new BrokenPictureException(
        first == null
            ? "no decoder knows its format"
            : "cannot be decoded (%s)".formatted(reason(first)),
        first);
  }

  private static BufferedImage readWith(ImageReader reader, ImageInputStream in)
      throws IOException, BrokenPictureException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    reader.setInput(in, true, true);
    long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
    if (pixels > MOST_PIXELS) {
      throw new BrokenPictureException(
          "claims %,d pixels, more than %,d".formatted(pixels, MOST_PIXELS));
    }
    BufferedImage image = reader.read(0);
    for (String warning : warnings) {
      if (meansMissingData(warning)) {
        throw new BrokenPictureException("is cut short (%s)".formatted(warning));
      }
    }
    return image;
  }

  private static boolean meansMissingData(String warning) {
    String lower = warning.toLowerCase(Locale.ROOT);
    // Decoders also warn of colour profiles that are cut, and do without them.
    return !lower.contains("icc")
        && (lower.contains("premature end")
            || lower.contains("truncated")
            || lower.contains("missing eoi"));
  }

  private static String reason(Exception e) {
    return e.getMessage() == null
        ? e.getClass().getSimpleName()
        : e.getMessage().lines().findFirst().orElse("");
  }
}
