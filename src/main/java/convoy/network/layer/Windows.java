package convoy.network.layer;

import convoy.convolution.Area;
import convoy.convolution.Shape;
import convoy.convolution.Window;
import java.util.function.Consumer;

/**
 * The windows of a batch of maps, laid out as the rows of a matrix (places, channels x rows x
 * columns), and added back to where they came from. ND4J's own im2col takes 25 ns a value where its
 * output is not in its favourite order; this one takes 1 to 2, and takes only some of the places.
 */
final class Windows {
  private final Window rows;
  private final Window columns;
  private final int channels;
  private final int height;
  private final int width;
  private final int paddedHeight;
  private final int paddedWidth;

  /** Of each value of a window from its first one, in the padded maps. */
  private final int[] offsets;

  /** Every {@code step}-th place along an axis, from the first one to before the end. */
  record Every(int first, int end, int step) {
    int count() {
      return (end - first + step - 1) / step;
    }

    /** So many of these, from the {@code from}-th on, or those that are left. */
    Every some(int from, int number) {
      return new Every(first + from * step, Math.min(end, first + (from + number) * step), step);
    }
  }

  /** Some places of the output in some images. */
  record Places(Every images, Every rows, Every columns) {
    int count() {
      return images.count() * rows.count() * columns.count();
    }
  }

  Windows(Area area, Shape input) {
    rows = area.rows();
    columns = area.columns();
    channels = input.size(0);
    height = input.size(1);
    width = input.size(2);
    paddedHeight = height + rows.before() + rows.after();
    paddedWidth = width + columns.before() + columns.after();
    offsets = new int[channels * area.size()];
    for (int i = 0; i < offsets.length; i++) {
      int channel = i / area.size();
      int m = i % area.size() / columns.size();
      int n = i % columns.size();
      int row = channel * paddedHeight + m * rows.dilation();
      offsets[i] = row * paddedWidth + n * columns.dilation();
    }
  }

  /** Values of one window. */
  int size() {
    return offsets.length;
  }

  int outputRows() {
    return rows.output(height);
  }

  int outputColumns() {
    return columns.output(width);
  }

  /** Values of a map with zeros around it, of all channels. */
  int paddedSize() {
    return channels * paddedHeight * paddedWidth;
  }

  /**
   * Cuts places into pieces whose windows have at most {@code most} values together, or are of one
   * row of one image: first by images, then by rows.
   */
  void eachPiece(Places whole, int most, Consumer<Places> piece) {
    int row = size() * whole.columns().count();
    int image = row * whole.rows().count();
    int images = Math.max(1, most / image);
    int rows = image <= most ? whole.rows().count() : Math.max(1, most / row);
    for (int i = 0; i < whole.images().count(); i += images) {
      for (int j = 0; j < whole.rows().count(); j += rows) {
        piece.accept(
            new Places(
                whole.images().some(i, images), whole.rows().some(j, rows), whole.columns()));
      }
    }
  }

  /** The maps with their zeros around them. */
  float[] padded(float[] maps, int images) {
    float[] padded = new float[images * channels * paddedHeight * paddedWidth];
    for (int map = 0; map < images * channels; map++) {
      for (int row = 0; row < height; row++) {
        System.arraycopy(maps, (map * height + row) * width, padded, inner(map, row), width);
      }
    }
    return padded;
  }

  /** The maps without the zeros around them. */
  float[] cropped(float[] padded, int images) {
    float[] maps = new float[images * channels * height * width];
    for (int map = 0; map < images * channels; map++) {
      for (int row = 0; row < height; row++) {
        System.arraycopy(padded, inner(map, row), maps, (map * height + row) * width, width);
      }
    }
    return maps;
  }

  private int inner(int map, int row) {
    return (map * paddedHeight + row + rows.before()) * paddedWidth + columns.before();
  }

  /** Lays out the windows of these places in {@code matrix}. */
  void gather(float[] padded, Places places, float[] matrix) {
    eachWindow(
        places,
        (corner, inMatrix) -> {
          for (int i = 0; i < offsets.length; i++) {
            matrix[inMatrix + i] = padded[corner + offsets[i]];
          }
        });
  }

  /** Adds the windows of these places to the maps. */
  void scatter(float[] matrix, Places places, float[] padded) {
    eachWindow(
        places,
        (corner, inMatrix) -> {
          for (int i = 0; i < offsets.length; i++) {
            padded[corner + offsets[i]] += matrix[inMatrix + i];
          }
        });
  }

  private interface Corner {
    void visit(int inMaps, int inMatrix);
  }

  /** Every window: its first value's place in the padded maps and in the matrix. */
  private void eachWindow(Places places, Corner corner) {
    int inMatrix = 0;
    for (int image = places.images().first(); image < places.images().end(); image++) {
      for (int j = places.rows().first(); j < places.rows().end(); j += places.rows().step()) {
        int row = image * channels * paddedHeight + j * rows.stride();
        for (int k = places.columns().first();
            k < places.columns().end();
            k += places.columns().step()) {
          corner.visit(row * paddedWidth + k * columns.stride(), inMatrix);
          inMatrix += offsets.length;
        }
      }
    }
  }

  /**
   * Takes the values of a map (images, filters, rows, columns) at these places: (filters, places).
   */
  void gatherOutput(float[] output, int filters, Places places, float[] matrix) {
    int count = places.count();
    eachPlace(
        filters,
        places,
        (inOutput, filter, place) -> matrix[filter * count + place] = output[inOutput]);
  }

  /** Writes (filters, places) into a map (images, filters, rows, columns). */
  void scatterOutput(float[] matrix, int filters, Places places, float[] output) {
    int count = places.count();
    eachPlace(
        filters,
        places,
        (inOutput, filter, place) -> output[inOutput] = matrix[filter * count + place]);
  }

  private interface Place {
    void visit(int inOutput, int filter, int place);
  }

  private void eachPlace(int filters, Places places, Place visitor) {
    int outputRows = outputRows();
    int outputColumns = outputColumns();
    int perImage = places.rows().count() * places.columns().count();
    for (int image = places.images().first(); image < places.images().end(); image++) {
      for (int filter = 0; filter < filters; filter++) {
        int map = (image * filters + filter) * outputRows;
        int place = (image - places.images().first()) * perImage;
        for (int j = places.rows().first(); j < places.rows().end(); j += places.rows().step()) {
          for (int k = places.columns().first();
              k < places.columns().end();
              k += places.columns().step()) {
            visitor.visit((map + j) * outputColumns + k, filter, place++);
          }
        }
      }
    }
  }
}
