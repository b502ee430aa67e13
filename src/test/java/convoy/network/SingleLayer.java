package convoy.network;

import convoy.convolution.Shape;
import convoy.convolution.Tensor;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.Sketch;
import convoy.network.dl4j.Dl4jSingleLayer;
import convoy.network.torch.TorchSingleLayer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;

/** One layer as an engine computes it, training, with weights in the order of its definition. */
public interface SingleLayer extends AutoCloseable {
  String TESTED = "tested";

  /** An engine, and the way that it goes. */
  enum Kind {
    TORCH,
    /** Maps as they are in files, not channels last. */
    TORCH_PLAIN,
    DL4J,
    /** Without oneDNN. */
    DL4J_PLAIN
  }

  static SingleLayer of(Kind kind, LayerSpec layer, Shape input) {
    Blueprint blueprint = new Sketch(input, 2).layer(TESTED, layer).softmax("output");
    return switch (kind) {
      case TORCH, TORCH_PLAIN -> new TorchSingleLayer(blueprint, kind == Kind.TORCH);
      case DL4J, DL4J_PLAIN -> new Dl4jSingleLayer(blueprint, kind == Kind.DL4J);
    };
  }

  StateLayout layout();

  /** In the layout, little-endian. */
  void restore(byte[] parameters);

  Tensor[] forward(Tensor... examples);

  /** Gradient by the inputs, for one by the outputs. */
  Tensor[] backward(Tensor... outputGradients);

  /** Gradients by all parameters, in the layout, little-endian. */
  byte[] gradients();

  @Override
  void close();

  default void begin(Tensor weights, Tensor biases) {
    byte[] parameters = new byte[layout().bytes()];
    put(parameters, 0, weights);
    put(parameters, 1, biases);
    restore(parameters);
  }

  private void put(byte[] parameters, int number, Tensor values) {
    List<StateLayout.Block> blocks = layout().blocks(TESTED);
    double[] doubles = values.values();
    if (doubles.length > 0) {
      FloatBuffer floats = floats(parameters).position(blocks.get(number).from());
      for (double value : doubles) {
        floats.put((float) value);
      }
    }
  }

  default Tensor weightGradient(Shape shape) {
    return gradient(0, shape);
  }

  default Tensor biasGradient(Shape shape) {
    return gradient(1, shape);
  }

  private Tensor gradient(int number, Shape shape) {
    List<StateLayout.Block> blocks = layout().blocks(TESTED);
    FloatBuffer floats = floats(gradients());
    int from = number < blocks.size() ? blocks.get(number).from() : 0;
    return Tensor.of(
        shape,
        IntStream.range(0, (int) shape.count()).mapToDouble(i -> floats.get(from + i)).toArray());
  }

  private static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /** Examples after one another. */
  static float[] batch(Tensor... examples) {
    int count = (int) examples[0].shape().count();
    float[] values = new float[examples.length * count];
    for (int e = 0; e < examples.length; e++) {
      double[] one = examples[e].values();
      for (int i = 0; i < count; i++) {
        values[e * count + i] = (float) one[i];
      }
    }
    return values;
  }

  static Tensor[] examples(float[] values, Shape shape) {
    int count = (int) shape.count();
    return IntStream.range(0, values.length / count)
        .mapToObj(
            e ->
                Tensor.of(
                    shape,
                    IntStream.range(e * count, (e + 1) * count)
                        .mapToDouble(i -> values[i])
                        .toArray()))
        .toArray(Tensor[]::new);
  }

  interface Weight {
    void visit(int place, int[] index);
  }

  /** Every place of an array of this shape, and its index. */
  static void each(Shape shape, Weight visitor) {
    int[] index = new int[shape.rank()];
    for (int place = 0; place < shape.count(); place++) {
      int rest = place;
      for (int d = shape.rank() - 1; d >= 0; d--) {
        index[d] = rest % shape.size(d);
        rest /= shape.size(d);
      }
      visitor.visit(place, index);
    }
  }
}
