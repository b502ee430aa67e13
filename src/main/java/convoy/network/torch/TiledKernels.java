package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.network.architecture.LayerSpec;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A tiled convolution as one strided convolution a tile, on the map from the tile's first place on,
 * and their outputs woven together.
 */
final class TiledKernels {
  private final int size;
  private final int stride;
  private final int padding;
  private final int rows;
  private final int columns;
  private final int rowPeriod;
  private final int columnPeriod;

  TiledKernels(LayerSpec.TiledConvolution layer, Shape input) {
    Shape output = layer.output(input);
    size = layer.size();
    stride = layer.stride();
    padding = layer.padding();
    rows = output.size(1);
    columns = output.size(2);
    rowPeriod = Math.min(layer.period(), rows);
    columnPeriod = Math.min(layer.period(), columns);
  }

  /**
   * @param weight (filters, channels, rows, columns, period of rows, period of columns)
   * @param bias (filters, period of rows, period of columns)
   */
  Tensor apply(Tensor input, Tensor weight, Tensor bias) {
    int tileRows = (rows + rowPeriod - 1) / rowPeriod;
    int tileColumns = (columns + columnPeriod - 1) / columnPeriod;
    // As if every tile had as many places: the last ones are cut off again.
    int height = ((tileRows * rowPeriod) - 1) * stride + size;
    int width = ((tileColumns * columnPeriod) - 1) * stride + size;
    Tensor map =
        torch.constant_pad_nd(
            input,
            padding,
            width - padding - input.size(3),
            padding,
            height - padding - input.size(2));
    Tensor[] strips = new Tensor[rowPeriod];
    for (int i = 0; i < rowPeriod; i++) {
      Tensor[] tiles = new Tensor[columnPeriod];
      for (int j = 0; j < columnPeriod; j++) {
        long tileHeight = (long) (tileRows - 1) * rowPeriod * stride + size;
        long tileWidth = (long) (tileColumns - 1) * columnPeriod * stride + size;
        tiles[j] =
            torch.conv2d(
                map.narrow(2, (long) i * stride, tileHeight)
                    .narrow(3, (long) j * stride, tileWidth),
                weight.select(5, j).select(4, i),
                new TensorOptional(bias.select(2, j).select(1, i)),
                new long[] {(long) rowPeriod * stride, (long) columnPeriod * stride},
                new long[] {0, 0},
                new long[] {1, 1},
                1);
      }
      // (examples, filters, rows, columns, tiles)
      strips[i] = torch.stack(new TensorVector(tiles), 4).flatten(3, 4);
    }
    return torch
        .stack(new TensorVector(strips), 3)
        .flatten(2, 3)
        .slice(2, new LongOptional(0), new LongOptional(rows), 1)
        .slice(3, new LongOptional(0), new LongOptional(columns), 1);
  }
}
