package convoy.report;

import convoy.convolution.Area;
import convoy.convolution.Convolution;
import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import convoy.convolution.Window;
import convoy.data.pictures.PictureEncoder;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.stream.IntStream;

/** What kernels look for and what they find, as PNG pictures. */
public final class KernelPictures {
  private static final int TILE = 56;
  private static final int LARGE_TILE = 224;
  private static final int GAP = 6;
  private static final int MOST_TILES = 96;
  private static final int CELL = 34;

  private static final double[] CURVE_FILTER = {
    0, 0, 0, 0, 0, 30, 0,
    0, 0, 0, 0, 30, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 30, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0
  };
  static final double[] CURVE = {
    0, 0, 0, 0, 0, 0, 30,
    0, 0, 0, 0, 50, 50, 50,
    0, 0, 0, 20, 50, 0, 0,
    0, 0, 0, 50, 50, 0, 0,
    0, 0, 0, 50, 50, 0, 0,
    0, 0, 0, 50, 50, 0, 0,
    0, 0, 0, 50, 50, 0, 0
  };
  static final double[] NO_CURVE = {
    0, 0, 0, 0, 0, 0, 0,
    0, 40, 0, 0, 0, 0, 0,
    40, 0, 40, 0, 0, 0, 0,
    40, 20, 0, 0, 0, 0, 0,
    0, 50, 0, 0, 0, 0, 0,
    0, 0, 50, 0, 0, 0, 0,
    25, 25, 0, 50, 0, 0, 0
  };

  private KernelPictures() {}

  /**
   * The first convolution's kernels side by side, each from its darkest to its brightest value.
   *
   * @param weights (filters, channels, rows, columns); in colour where there are three channels
   */
  public static byte[] filters(float[] weights, Shape shape) {
    int length = weights.length / shape.size(0);
    int channels = shape.size(1) == 3 ? 3 : 1;
    BufferedImage[] tiles = new BufferedImage[Math.min(MOST_TILES, shape.size(0))];
    for (int filter = 0; filter < tiles.length; filter++) {
      tiles[filter] =
          image(weights, filter * length, Shape.of(channels, shape.size(2), shape.size(3)));
    }
    return grid(tiles, TILE);
  }

  /**
   * The maps of one layer for one picture side by side, each from its darkest to its brightest
   * value.
   *
   * @param values (channels, height, width)
   */
  public static byte[] maps(float[] values, Shape shape) {
    int length = values.length / shape.size(0);
    BufferedImage[] tiles = new BufferedImage[Math.min(MOST_TILES, shape.size(0))];
    for (int channel = 0; channel < tiles.length; channel++) {
      tiles[channel] = image(values, channel * length, Shape.of(1, shape.size(1), shape.size(2)));
    }
    return grid(tiles, TILE);
  }

  /** A network's input as it sees it. */
  public static byte[] input(float[] values, Shape shape) {
    return grid(new BufferedImage[] {image(values, 0, shape)}, LARGE_TILE);
  }

  private static BufferedImage image(float[] values, int from, Shape shape) {
    int height = shape.size(1);
    int width = shape.size(2);
    int plane = height * width;
    int length = plane * shape.size(0);
    double low = IntStream.range(from, from + length).mapToDouble(i -> values[i]).min().orElse(0);
    double high = IntStream.range(from, from + length).mapToDouble(i -> values[i]).max().orElse(0);
    double range = high > low ? high - low : 1;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int pixel = 0; pixel < plane; pixel++) {
      int rgb = 0;
      for (int colour = 0; colour < 3; colour++) {
        int channel = shape.size(0) == 3 ? colour : 0;
        double value = values[from + channel * plane + pixel];
        rgb = rgb << 8 | (int) Math.round(255 * (value - low) / range);
      }
      image.setRGB(pixel % width, pixel / width, rgb);
    }
    return image;
  }

  private static byte[] grid(BufferedImage[] tiles, int side) {
    int columns = Math.min(tiles.length, 12);
    int rows = (tiles.length + columns - 1) / columns;
    BufferedImage grid = canvas(GAP + columns * (side + GAP), GAP + rows * (side + GAP));
    Graphics2D graphics = grid.createGraphics();
    for (int i = 0; i < tiles.length; i++) {
      int x = GAP + i % columns * (side + GAP);
      int y = GAP + i / columns * (side + GAP);
      graphics.drawImage(tiles[i], x, y, side, side, null);
    }
    graphics.dispose();
    return PictureEncoder.png(grid);
  }

  /**
   * A kernel as a feature identifier: one that has learned a curve, on a place that has the curve
   * and on one that has not. The sums are computed, not written down.
   */
  public static byte[] curveDetector() {
    int board = 7 * CELL;
    int height = 2 * (board + 90) + 20;
    BufferedImage image = canvas(3 * board + 150, height);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    row(graphics, 20, "a place that has the curve", CURVE);
    row(graphics, 20 + board + 90, "a place that has not", NO_CURVE);
    graphics.dispose();
    return PictureEncoder.png(image);
  }

  private static void row(Graphics2D graphics, int y, String what, double[] field) {
    int board = 7 * CELL;
    board(graphics, 20, y + 24, what, field);
    board(graphics, 70 + board, y + 24, "the kernel: a curve detector", CURVE_FILTER);
    graphics.setFont(graphics.getFont().deriveFont(20f));
    graphics.drawString("\u00d7", 20 + board + 20, y + 24 + board / 2);
    String sum = String.format(Locale.ROOT, "sum = %,.0f", curveIn(field));
    graphics.drawString(sum, 2 * board + 90, y + 24 + board / 2);
    graphics.setFont(graphics.getFont().deriveFont(14f));
  }

  /** What the curve detector finds in a field of 7x7. */
  static double curveIn(double[] field) {
    Shape map = Shape.of(1, 7, 7);
    Convolution detector = Convolution.of(1, Area.square(Window.valid(7)));
    return detector
        .value(Tensor.of(map, field), Tensor.of(detector.weights(map), CURVE_FILTER))
        .at(0, 0, 0);
  }

  private static void board(Graphics2D graphics, int x, int y, String title, double[] values) {
    graphics.setColor(Color.BLACK);
    graphics.drawString(title, x, y - 8);
    for (int i = 0; i < values.length; i++) {
      int left = x + i % 7 * CELL;
      int top = y + i / 7 * CELL;
      int shade = 255 - (int) Math.min(200, values[i] * 4);
      graphics.setColor(new Color(shade, shade, shade));
      graphics.fillRect(left, top, CELL, CELL);
      graphics.setColor(new Color(0xC8CED6));
      graphics.drawRect(left, top, CELL, CELL);
      graphics.setColor(shade < 130 ? Color.WHITE : Color.DARK_GRAY);
      graphics.drawString(String.valueOf(Math.round(values[i])), left + 9, top + 22);
    }
    graphics.setColor(Color.BLACK);
  }

  private static BufferedImage canvas(int width, int height) {
    BufferedImage canvas = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return canvas;
  }
}
