package convoy.data.pictures;

import convoy.core.Location;
import convoy.core.Seeds;
import convoy.core.Tars;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Area;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Draws pictures of shapes, as JPEGs in one tar a class below {@code train} and {@code test}: data
 * to try everything on where there is none. Place, size, angle and colours are random and figure
 * and ground trade places, so that no weighting of pixels tells the classes apart.
 */
public final class ShapePictures {
  private static final double QUALITY = 0.9;
  private static final int DISTRACTORS = 3;

  /** A class: a shape around the origin, about one unit across. */
  @SuppressWarnings("ImmutableEnumChecker") // nobody changes the shapes
  private enum Figure {
    DISK(new Ellipse2D.Double(-0.5, -0.5, 1, 1)),
    RING(
        without(
            new Ellipse2D.Double(-0.5, -0.5, 1, 1),
            new Ellipse2D.Double(-0.28, -0.28, 0.56, 0.56))),
    SQUARE(new Rectangle2D.Double(-0.42, -0.42, 0.84, 0.84)),
    FRAME(
        without(
            new Rectangle2D.Double(-0.45, -0.45, 0.9, 0.9),
            new Rectangle2D.Double(-0.24, -0.24, 0.48, 0.48))),
    TRIANGLE(star(3, 0.29)),
    STAR(star(5, 0.22)),
    GEAR(star(9, 0.36)),
    CROSS(
        union(
            new Rectangle2D.Double(-0.5, -0.14, 1, 0.28),
            new Rectangle2D.Double(-0.14, -0.5, 0.28, 1))),
    CRESCENT(
        without(
            new Ellipse2D.Double(-0.5, -0.5, 1, 1), new Ellipse2D.Double(-0.2, -0.55, 0.95, 0.95))),
    ELL(
        union(
            new Rectangle2D.Double(-0.42, -0.5, 0.3, 1),
            new Rectangle2D.Double(-0.42, 0.2, 0.84, 0.3)));

    private final Shape shape;

    Figure(Shape shape) {
      this.shape = shape;
    }

    private static Shape union(Shape one, Shape other) {
      Area area = new Area(one);
      area.add(new Area(other));
      return area;
    }

    private static Shape without(Shape one, Shape hole) {
      Area area = new Area(one);
      area.subtract(new Area(hole));
      return area;
    }

    /** Points on a circle and notches at a smaller radius between them. */
    private static Shape star(int points, double notch) {
      Path2D path = new Path2D.Double();
      for (int i = 0; i < 2 * points; i++) {
        double radius = i % 2 == 0 ? 0.55 : notch;
        double angle = Math.PI * i / points;
        if (i == 0) {
          path.moveTo(radius * Math.cos(angle), radius * Math.sin(angle));
        } else {
          path.lineTo(radius * Math.cos(angle), radius * Math.sin(angle));
        }
      }
      path.closePath();
      return path;
    }
  }

  private ShapePictures() {}

  /** The classes by name, in no particular order. */
  public static List<String> classes() {
    return List.of(Figure.values()).stream().map(ShapePictures::name).toList();
  }

  /** How pictures of a class lie together. */
  public enum Layout {
    /** {@code <split>/<class>.tar}. */
    TARS,
    /** {@code <split>/<class>/<picture>.jpg}. */
    FOLDERS
  }

  /**
   * Writes pictures of every class.
   *
   * @param side of a picture in pixels
   */
  public static void write(
      Location output, String split, int picturesPerClass, int side, long seed, Layout layout) {
    for (Figure figure : Figure.values()) {
      Location place = output.child(split);
      Drawing drawing = new Drawing(figure, split, picturesPerClass, side, seed);
      if (layout == Layout.TARS) {
        place.child(name(figure) + ".tar").write(drawing::writeTar);
      } else {
        drawing.writeFolder(place.child(name(figure)));
      }
    }
  }

  /** The pictures of one class in one split. */
  private record Drawing(Figure figure, String split, int count, int side, long seed) {
    private byte[] file(int number) {
      return PictureEncoder.jpeg(
          draw(
              figure, side, Seeds.random(seed, split.hashCode(), figure.name().hashCode(), number)),
          QUALITY);
    }

    private String fileName(int number) {
      return "%s_%s_%05d.JPEG".formatted(name(figure), split, number);
    }

    void writeFolder(Location folder) {
      for (int i = 0; i < count; i++) {
        folder.child(fileName(i)).writeBytes(file(i));
      }
    }

    void writeTar(OutputStream out) throws IOException {
      try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
        for (int i = 0; i < count; i++) {
          long unused = Tars.put(tar, fileName(i), file(i));
        }
      }
    }
  }

  private static String name(Figure figure) {
    return figure.name().toLowerCase(Locale.ROOT);
  }

  private static Picture draw(Figure figure, int side, SplittableRandom random) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    float hue = (float) random.nextDouble();
    boolean lightOnDark = random.nextBoolean();
    Color ground = Color.getHSBColor(hue, (float) random.nextDouble(), lightOnDark ? 0.35f : 0.9f);
    Color ink =
        Color.getHSBColor(
            (float) random.nextDouble(), (float) random.nextDouble(), lightOnDark ? 0.95f : 0.3f);
    graphics.setColor(ground);
    graphics.fillRect(0, 0, side, side);
    // Strokes of many colours: colour and edges alone give nothing away.
    graphics.setStroke(new BasicStroke(Math.max(1, side / 32f)));
    for (int i = 0; i < DISTRACTORS; i++) {
      graphics.setColor(Color.getHSBColor((float) random.nextDouble(), 0.6f, 0.6f));
      graphics.drawLine(
          random.nextInt(side), random.nextInt(side), random.nextInt(side), random.nextInt(side));
    }
    double size = side * (0.6 + 0.25 * random.nextDouble());
    double room = side - 0.8 * size;
    AffineTransform place =
        AffineTransform.getTranslateInstance(
            side / 2.0 + (random.nextDouble() - 0.5) * room,
            side / 2.0 + (random.nextDouble() - 0.5) * room);
    place.rotate((random.nextDouble() - 0.5) * Math.PI / 2);
    place.scale(size, size);
    graphics.setColor(ink);
    graphics.fill(place.createTransformedShape(figure.shape));
    graphics.dispose();
    return noisy(image, random);
  }

  private static Picture noisy(BufferedImage image, SplittableRandom random) {
    int side = image.getWidth();
    byte[] samples = new byte[side * side * 3];
    for (int i = 0; i < side * side; i++) {
      int rgb = image.getRGB(i % side, i / side);
      int noise = random.nextInt(21) - 10;
      for (int c = 0; c < 3; c++) {
        int value = (rgb >> (16 - 8 * c) & 0xFF) + noise;
        samples[3 * i + c] = (byte) Math.max(0, Math.min(255, value));
      }
    }
    return new Picture(side, side, 3, samples);
  }
}
