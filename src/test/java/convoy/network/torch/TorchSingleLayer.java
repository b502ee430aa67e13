package convoy.network.torch;

import convoy.convolution.Shape;
import convoy.network.Backend.Precision;
import convoy.network.ModelState;
import convoy.network.NetworkSpec;
import convoy.network.SingleLayer;
import convoy.network.StateLayout;
import convoy.network.architecture.Blueprint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A layer of libtorch's. */
public final class TorchSingleLayer implements SingleLayer {
  private final Blueprint.Node node;
  private final StateLayout layout;
  private final MemoryOrder order;
  private final FlatVectors vectors;
  private final Layer layer;
  private final PointerScope scope;
  private Tensor input;
  private Tensor output;

  public TorchSingleLayer(Blueprint blueprint, boolean channelsLast) {
    Libtorch.start();
    scope = new PointerScope();
    node = blueprint.nodes().get(0);
    layout = StateLayout.of(blueprint);
    String network = channelsLast ? "resnet18" : "vgg16";
    order = MemoryOrder.of(NetworkSpec.of(network, List.of(3, 32, 32), 2), blueprint);
    vectors = new FlatVectors(layout, order, new Device("cpu"));
    layer = node.layer().accept(new Layers(node, vectors, Precision.FLOAT32, false));
  }

  @Override
  public StateLayout layout() {
    return layout;
  }

  @Override
  public void restore(byte[] parameters) {
    vectors.restore(ModelState.atRest(parameters));
  }

  @Override
  public convoy.convolution.Tensor[] forward(convoy.convolution.Tensor... examples) {
    input = tensor(node.inputShape(), examples);
    input.set_requires_grad(true);
    output =
        layer.forward(
            List.of(input), new Pass(Pass.Kind.TRAINING, false, new SplittableRandom(1), Set.of()));
    return examples(output, node.output());
  }

  @Override
  public convoy.convolution.Tensor[] backward(convoy.convolution.Tensor... outputGradients) {
    output.mul(tensor(node.output(), outputGradients)).sum().backward();
    return examples(input.grad(), node.inputShape());
  }

  private Tensor tensor(Shape shape, convoy.convolution.Tensor... examples) {
    long[] sizes = new long[shape.rank() + 1];
    sizes[0] = examples.length;
    for (int d = 0; d < shape.rank(); d++) {
      sizes[d + 1] = shape.size(d);
    }
    Tensor plain = Tensor.create(SingleLayer.batch(examples), sizes);
    return sizes.length == 4 ? plain.contiguous(order.maps()) : plain;
  }

  private static convoy.convolution.Tensor[] examples(Tensor values, Shape shape) {
    return SingleLayer.examples(floats(values), shape);
  }

  private static float[] floats(Tensor values) {
    float[] floats = new float[(int) values.numel()];
    values.detach().contiguous().data_ptr_float().get(floats);
    return floats;
  }

  @Override
  public byte[] gradients() {
    ByteBuffer bytes = ByteBuffer.allocate(layout.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (StateLayout.Block block : layout.blocks(node.name())) {
      Tensor gradient = vectors.view(block.name()).values().grad();
      if (gradient.defined()) {
        float[] values = floats(gradient.to(ScalarType.Float));
        bytes.asFloatBuffer().position(block.from()).put(values);
      }
    }
    return bytes.array();
  }

  @Override
  public void close() {
    scope.close();
  }
}
