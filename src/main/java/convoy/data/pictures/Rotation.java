package convoy.data.pictures;

import java.util.Arrays;

/** Turns an input about its centre; what was outside of it is black. */
final class Rotation {

  private Rotation() {}

  /**
   * Each value becomes the bilinear mean of the four around where it comes from.
   *
   * @param values gray levels of (channels, height, width) from {@code offset} on
   * @param degrees counter-clockwise
   */
  static void turn(
      float[] values, int offset, int channels, int height, int width, double degrees) {
    double cosine = Math.cos(Math.toRadians(degrees));
    double sine = Math.sin(Math.toRadians(degrees));
    double middleRow = (height - 1) / 2.0;
    double middleColumn = (width - 1) / 2.0;
    int area = height * width;
    float[] before = Arrays.copyOfRange(values, offset, offset + channels * area);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double right = x - middleColumn;
        double down = y - middleRow;
        double row = middleRow + sine * right + cosine * down;
        double column = middleColumn + cosine * right - sine * down;
        int top = (int) Math.floor(row);
        int left = (int) Math.floor(column);
        float below = (float) (row - top);
        float beside = (float) (column - left);
        for (int c = 0; c < channels; c++) {
          int map = c * area;
          float upper =
              (1 - beside) * at(before, map, top, left, height, width)
                  + beside * at(before, map, top, left + 1, height, width);
          float lower =
              (1 - beside) * at(before, map, top + 1, left, height, width)
                  + beside * at(before, map, top + 1, left + 1, height, width);
          values[offset + map + y * width + x] = (1 - below) * upper + below * lower;
        }
      }
    }
  }

  private static float at(float[] values, int map, int row, int column, int height, int width) {
    boolean inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? values[map + row * width + column] : 0;
  }
}
