package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.network.architecture.LayerSpec;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * An unshared convolution as one matrix product a place of the output: its window in all examples
 * by its kernels.
 */
final class UnsharedKernels {
  private final LayerSpec.UnsharedConvolution layer;
  private final Shape output;
  private final long window;

  UnsharedKernels(LayerSpec.UnsharedConvolution layer, Shape input) {
    this.layer = layer;
    output = layer.output(input);
    window = (long) input.size(0) * layer.size() * layer.size();
  }

  /**
   * @param weight (filters, output rows, output columns, channels, rows, columns)
   * @param bias (filters, output rows, output columns)
   */
  Tensor apply(Tensor input, Tensor weight, Tensor bias) {
    long filters = output.size(0);
    long places = (long) output.size(1) * output.size(2);
    long[] square = {layer.size(), layer.size()};
    Tensor windows =
        torch.im2col(
            input,
            square,
            new long[] {1, 1},
            new long[] {layer.padding(), layer.padding()},
            layer.stride(),
            layer.stride());
    Tensor kernels = weight.permute(1, 2, 3, 4, 5, 0).reshape(places, window, filters);
    // (places, examples, window) by (places, window, filters)
    Tensor products = torch.bmm(windows.permute(2, 0, 1), kernels);
    return products
        .permute(1, 2, 0)
        .reshape(input.size(0), filters, output.size(1), output.size(2))
        .add(bias);
  }
}
