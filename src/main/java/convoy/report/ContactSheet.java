package convoy.report;

import convoy.data.pictures.Augmenter;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.ImageTransform;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Many small pictures on one sheet, for a look at a data set. */
public final class ContactSheet {
  private static final int GAP = 4;

  private ContactSheet() {}

  /**
   * Pictures row by row.
   *
   * @param side of a picture on the sheet, pixels
   */
  public static BufferedImage of(List<Picture> pictures, int columns, int side) {
    return sheet(pictures.stream().map(Picture::toImage).toList(), columns, side);
  }

  /**
   * What training makes of one picture.
   *
   * @param count of tries, each with random numbers of its own
   */
  public static BufferedImage augmented(
      Picture picture, Augmenter augmenter, int count, int columns, int side) {
    List<float[]> inputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] input = new float[augmenter.transform().size()];
      augmenter.apply(picture, new SplittableRandom(i), input, 0);
      inputs.add(input);
    }
    return inputs(inputs, augmenter.transform(), columns, side);
  }

  /**
   * Inputs of training as pictures, row by row.
   *
   * @param inputs (examples, channels, height, width)
   */
  public static BufferedImage inputs(
      List<float[]> inputs, ImageTransform transform, int columns, int side) {
    List<BufferedImage> tiles = new ArrayList<>();
    for (float[] several : inputs) {
      for (int at = 0; at < several.length; at += transform.size()) {
        tiles.add(seen(Arrays.copyOfRange(several, at, at + transform.size()), transform));
      }
    }
    return sheet(tiles, columns, side);
  }

  /** An input as the picture that it was made of. */
  private static BufferedImage seen(float[] input, ImageTransform transform) {
    int area = transform.height() * transform.width();
    byte[] samples = new byte[input.length];
    for (int c = 0; c < transform.channels(); c++) {
      for (int i = 0; i < area; i++) {
        double sample =
            input[c * area + i] * transform.standardDeviation().get(c) + transform.mean().get(c);
        samples[i * transform.channels() + c] =
            (byte) Math.round(Math.max(0, Math.min(255, sample)));
      }
    }
    return new Picture(transform.height(), transform.width(), transform.channels(), samples)
        .toImage();
  }

  private static BufferedImage sheet(List<BufferedImage> tiles, int columns, int side) {
    int rows = (tiles.size() + columns - 1) / columns;
    BufferedImage sheet =
        new BufferedImage(
            columns * (side + GAP) + GAP, rows * (side + GAP) + GAP, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    // Small pictures keep their pixels.
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    for (int i = 0; i < tiles.size(); i++) {
      BufferedImage tile = tiles.get(i);
      double scale = (double) side / Math.max(tile.getWidth(), tile.getHeight());
      int width = (int) Math.round(tile.getWidth() * scale);
      int height = (int) Math.round(tile.getHeight() * scale);
      graphics.drawImage(
          tile,
          GAP + i % columns * (side + GAP) + (side - width) / 2,
          GAP + i / columns * (side + GAP) + (side - height) / 2,
          width,
          height,
          null);
    }
    graphics.dispose();
    return sheet;
  }

  /** A PNG file as an image, for notebooks. */
  public static BufferedImage image(byte[] png) {
    try {
      return PictureDecoder.decode(png).toImage();
    } catch (BrokenPictureException e) {
      throw new IllegalArgumentException("These bytes are no picture", e);
    }
  }
}
