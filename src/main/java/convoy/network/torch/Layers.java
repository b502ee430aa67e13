package convoy.network.torch;

import convoy.core.UserException;
import convoy.network.Backend.Precision;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.LayerVisitor;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The layers of libtorch's operations; for one node of the network at a time. */
final class Layers implements LayerVisitor<Layer> {
  private static final double STATISTICS_MOMENTUM = 0.1;

  /** Added to variances before their root is taken. */
  static final double EPSILON = 1e-5;

  private static final long[] ONE = {1, 1};

  private final Node node;
  private final FlatVectors vectors;
  private final Precision precision;
  private final boolean onlyReader;

  /**
   * @param onlyReader whether no other layer reads this one's first input, nor does the backward
   *     pass of the layer that made it
   */
  Layers(Node node, FlatVectors vectors, Precision precision, boolean onlyReader) {
    this.node = node;
    this.vectors = vectors;
    this.precision = precision;
    this.onlyReader = onlyReader;
  }

  private Tensor parameter(String name) {
    return vectors.view(node.key() + "." + name).values();
  }

  private boolean has(String name) {
    return vectors.view(node.key() + "." + name) != null;
  }

  /** Kernels in the precision of activations. */
  private Tensor cast(Tensor values) {
    return precision == Precision.BFLOAT16 ? values.to(ScalarType.BFloat16) : values;
  }

  private TensorOptional bias() {
    return has("bias") ? new TensorOptional(cast(parameter("bias"))) : new TensorOptional();
  }

  private static long[] square(int side) {
    return new long[] {side, side};
  }

  @Override
  public Layer convolution(LayerSpec.Convolution layer) {
    return kernels(layer);
  }

  @Override
  public Layer depthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return kernels(layer);
  }

  private Layer kernels(LayerSpec.Moving layer) {
    Tensor weight = parameter("weight");
    int groups = groups(node);
    return (inputs, pass) -> convolved(inputs.get(0), cast(weight), bias(), layer, groups);
  }

  /** A depthwise convolution has one a channel. */
  private static int groups(Node node) {
    return node.layer() instanceof LayerSpec.Convolution convolution
        ? convolution.groups()
        : node.inputShape().size(0);
  }

  /**
   * A convolution with other kernels and biases than the network's.
   *
   * @param weight in single precision, in the network's order, and {@code bias}
   */
  static Layer withKernels(Node node, Tensor weight, Tensor bias) {
    LayerSpec.Moving layer = (LayerSpec.Moving) node.layer();
    int groups = groups(node);
    return (inputs, pass) -> {
      ScalarType type = inputs.get(0).scalar_type();
      return convolved(
          inputs.get(0), weight.to(type), new TensorOptional(bias.to(type)), layer, groups);
    };
  }

  private static Tensor convolved(
      Tensor input, Tensor weight, TensorOptional bias, LayerSpec.Moving layer, int groups) {
    return torch.conv2d(
        input,
        weight,
        bias,
        square(layer.stride()),
        square(layer.padding()),
        square(layer.dilation()),
        groups);
  }

  @Override
  public Layer transposedConvolution(LayerSpec.TransposedConvolution layer) {
    Tensor weight = parameter("weight");
    return (inputs, pass) ->
        torch.conv_transpose2d(
            inputs.get(0),
            cast(weight),
            bias(),
            square(layer.stride()),
            square(layer.padding()),
            new long[] {0, 0},
            1,
            ONE);
  }

  @Override
  public Layer tiledConvolution(LayerSpec.TiledConvolution layer) {
    Tensor weight = parameter("weight");
    Tensor bias = parameter("bias");
    TiledKernels kernels = new TiledKernels(layer, node.inputShape());
    return (inputs, pass) -> kernels.apply(inputs.get(0), cast(weight), cast(bias));
  }

  @Override
  public Layer unsharedConvolution(LayerSpec.UnsharedConvolution layer) {
    Tensor weight = parameter("weight");
    Tensor bias = parameter("bias");
    UnsharedKernels kernels = new UnsharedKernels(layer, node.inputShape());
    return (inputs, pass) -> kernels.apply(inputs.get(0), cast(weight), cast(bias));
  }

  @Override
  public Layer maxPooling(LayerSpec.MaxPooling layer) {
    return (inputs, pass) -> {
      Tensor map = inputs.get(0);
      int padding = layer.padding();
      if (2 * padding > layer.size()) {
        // More than libtorch pads by itself.
        map = padded(map, padding, Double.NEGATIVE_INFINITY);
        padding = 0;
      }
      return torch.max_pool2d(
          map, square(layer.size()), square(layer.stride()), square(padding), ONE, false);
    };
  }

  @Override
  public Layer averagePooling(LayerSpec.AveragePooling layer) {
    return (inputs, pass) -> {
      Tensor map = inputs.get(0);
      if (2 * layer.padding() <= layer.size()) {
        return averaged(map, layer, layer.padding());
      }
      // The mean over what lies in the map is the mean over all by the part that lies in it.
      Tensor inside = averaged(padded(torch.ones_like(map), layer.padding(), 0), layer, 0);
      return averaged(padded(map, layer.padding(), 0), layer, 0).div(inside);
    };
  }

  private static Tensor averaged(Tensor map, LayerSpec.AveragePooling layer, int padding) {
    return torch.avg_pool2d(
        map,
        square(layer.size()),
        square(layer.stride()),
        square(padding),
        false,
        false,
        new LongOptional());
  }

  private static Tensor padded(Tensor map, int padding, double value) {
    return torch.constant_pad_nd(
        map, new long[] {padding, padding, padding, padding}, new Scalar(value));
  }

  @Override
  public Layer globalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return (inputs, pass) -> inputs.get(0).mean(new long[] {2, 3});
  }

  @Override
  public Layer dense(LayerSpec.Dense layer) {
    return dense();
  }

  /** Scores; the loss and the probabilities follow from them. */
  @Override
  public Layer softmax(LayerSpec.Softmax layer) {
    return dense();
  }

  private Layer dense() {
    Tensor weight = parameter("weight");
    return (inputs, pass) -> torch.linear(inputs.get(0).flatten(1, -1), cast(weight), bias());
  }

  @Override
  public Layer batchNormalization(LayerSpec.BatchNormalization layer) {
    TensorOptional weight = new TensorOptional(parameter("weight"));
    TensorOptional bias = new TensorOptional(parameter("bias"));
    TensorOptional mean = new TensorOptional(parameter("running_mean"));
    TensorOptional variance = new TensorOptional(parameter("running_var"));
    Tensor ownMean = parameter("running_mean");
    Tensor ownVariance = parameter("running_var");
    int places = node.inputShape().size(1) * node.inputShape().size(2);
    return (inputs, pass) -> {
      Tensor input = inputs.get(0);
      if (pass.training() && input.size(0) * places == 1) {
        throw new UserException(
            "Cannot train with a minibatch of one at layer %s: one value a channel has no variance. Raise training.minibatch or network.input."
                .formatted(node.name()));
      }
      if (pass.kind() == Pass.Kind.MEASURING) {
        Tensor values = input.to(ScalarType.Float);
        ownMean.copy_(values.mean(0, 2, 3));
        ownVariance.copy_(torch.var(values, new long[] {0, 2, 3}, false, false));
        return torch.batch_norm(
            input,
            weight,
            bias,
            new TensorOptional(),
            new TensorOptional(),
            true,
            0,
            EPSILON,
            true);
      }
      return torch.batch_norm(
          input, weight, bias, mean, variance, pass.training(), STATISTICS_MOMENTUM, EPSILON, true);
    };
  }

  @Override
  public Layer localResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    LocalResponse response = new LocalResponse(node.inputShape().size(0), vectors.device());
    return (inputs, pass) -> response.apply(inputs.get(0));
  }

  @Override
  public Layer relu(LayerSpec.Relu layer) {
    return (inputs, pass) -> {
      Tensor input = inputs.get(0);
      if (pass.reusing() && onlyReader) {
        torch.relu_(input);
        return input;
      }
      return torch.relu(input);
    };
  }

  @Override
  public Layer dropout(LayerSpec.Dropout layer) {
    return (inputs, pass) -> {
      Tensor input = inputs.get(0);
      if (!pass.training() || layer.probability() == 0) {
        return input.alias();
      }
      return input.mul(Masks.draw(input, layer.probability(), pass.random()));
    };
  }

  @Override
  public Layer paddedShortcut(LayerSpec.PaddedShortcut layer) {
    int added = layer.channels() - node.inputShape().size(0);
    return (inputs, pass) -> {
      Tensor places = everyOther(inputs.get(0), layer.stride());
      return torch.constant_pad_nd(places, new long[] {0, 0, 0, 0, 0, added}, new Scalar(0.0));
    };
  }

  private static Tensor everyOther(Tensor map, int stride) {
    LongOptional from = new LongOptional(0);
    LongOptional to = new LongOptional(Long.MAX_VALUE);
    return map.slice(2, from, to, stride).slice(3, from, to, stride);
  }

  @Override
  public Layer sum(LayerSpec.Sum layer) {
    return (inputs, pass) -> {
      Tensor input = inputs.get(0);
      if (pass.reusing() && onlyReader) {
        input.add_(inputs.get(1));
        return input;
      }
      return input.add(inputs.get(1));
    };
  }

  @Override
  public Layer concatenation(LayerSpec.Concatenation layer) {
    return (inputs, pass) -> torch.cat(new TensorVector(inputs.toArray(Tensor[]::new)), 1);
  }
}
