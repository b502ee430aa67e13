package convoy.data.pictures;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
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
  /** From here on a picture that will be shrunk is decoded smaller. */
  private static final long LARGE_PIXELS = 16_000_000;

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
  public record Decoded(Picture picture, boolean plain, boolean isJpeg) {}

  /**
   * What is decoded.
   *
   * @param mostPixels a picture that claims more is refused before any is decoded
   * @param shortSide in pixels that the picture will be shrunk to, 0 if it will not; a large one is
   *     decoded with every second, third ... pixel, so that twice this is left
   */
  public record Limits(long mostPixels, int shortSide) {
    /** For pictures that were checked before. */
    public static final Limits CHECKED = new Limits(700_000_000, 0);

    private int step(int height, int width) {
      int most = shortSide == 0 ? 1 : Math.min(height, width) / (2 * shortSide);
      int step = 1;
      while (step < most && (long) height * width / ((long) step * step) > LARGE_PIXELS) {
        step++;
      }
      return step;
    }
  }

  public static Picture decode(byte[] file) throws BrokenPictureException {
    return inspect(file, Limits.CHECKED).picture();
  }

  /**
   * Decodes and checks a picture.
   *
   * @throws OutOfMemoryError if the heap is too small for it, which says nothing about it
   */
  public static Decoded inspect(byte[] file, Limits limits) throws BrokenPictureException {
    PictureFormat format = PictureFormat.of(file);
    switch (format) {
      case JPEG -> JpegStructure.check(file);
      case PNG -> ChunkStructure.checkPng(file);
      case WEBP -> ChunkStructure.checkRiff(file);
      default -> {}
    }
    BufferedImage image = read(file, limits);
    Picture upright = Pixels.of(image);
    int orientation = ExifOrientation.of(file, format);
    boolean ordinaryFile =
        format == PictureFormat.PNG
            || format == PictureFormat.JPEG && JpegStructure.isOrdinary(file);
    boolean ordinarySamples =
        image.getSampleModel().getSampleSize(0) == 8
            && !image.getColorModel().hasAlpha()
            && !(image.getColorModel() instanceof IndexColorModel);
    return new Decoded(
        ExifOrientation.apply(upright, orientation),
        ordinaryFile && ordinarySamples && orientation == 1,
        format == PictureFormat.JPEG);
  }

  /** Tries each decoder that knows the format: where one refuses, another may do. */
  private static BufferedImage read(byte[] file, Limits limits) throws BrokenPictureException {
    Exception first = null;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      for (Iterator<ImageReader> readers = ImageIO.getImageReaders(in); readers.hasNext(); ) {
        ImageReader reader = readers.next();
        try {
          in.seek(0);
          return readWith(reader, in, limits);
        } catch (BrokenPictureException e) {
          throw e;
        } catch (IOException | RuntimeException e) {
          // Decoders throw whatever a broken file leads them to, such as
          // NegativeArraySizeException.
          requireMemory(e);
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

  /** Decoders wrap what they run into. */
  private static void requireMemory(Exception e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError memory) {
        throw memory;
      }
    }
  }

  private static BufferedImage readWith(ImageReader reader, ImageInputStream in, Limits limits)
      throws IOException, BrokenPictureException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    reader.setInput(in, true, true);
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    long pixels = (long) width * height;
    if (pixels > limits.mostPixels()) {
      throw new BrokenPictureException(
          "claims %,d pixels, more than %,d".formatted(pixels, limits.mostPixels()));
    }
    ImageReadParam parameters = reader.getDefaultReadParam();
    int step = limits.step(height, width);
    if (step > 1) {
      parameters.setSourceSubsampling(step, step, 0, 0);
    }
    BufferedImage image = reader.read(0, parameters);
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
