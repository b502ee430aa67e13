package convoy.network;

import convoy.data.reading.Minibatch;
import convoy.network.Backend.DeviceKind;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.architecture.Blueprint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.OptionalInt;
import java.util.Random;

/** Networks on engines, for tests. */
public final class Networks {
  /** A step that leaves parameters as they are; afterwards the momentum is the gradient. */
  public static final Network.Step LOOK = new Network.Step(1e-12, 0, 0);

  private Networks() {}

  /** On the CPU, in single precision. */
  public static Network of(EngineName engine, NetworkSpec spec) {
    return begun(new Backend(engine, DeviceKind.CPU, Precision.FLOAT32), spec);
  }

  /** Of layers that no spec has. */
  static Network of(EngineName engine, NetworkSpec spec, Blueprint blueprint) {
    Network network = Engine.of(engine).build(spec, blueprint, Precision.FLOAT32, Device.CPU);
    network.restore(FirstState.of(blueprint, spec.seed()));
    return network;
  }

  /** With its first weights. */
  static Network begun(Backend backend, NetworkSpec spec) {
    Network network = Engine.open(spec, backend, OptionalInt.empty());
    network.restore(FirstState.of(spec));
    return network;
  }

  public static Network torch(NetworkSpec spec) {
    return of(EngineName.TORCH, spec);
  }

  public static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  /** Normally distributed inputs with random labels, always the same. */
  public static Minibatch minibatch(NetworkSpec spec, int examples) {
    Random random = new Random(5);
    float[] inputs = new float[examples * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) random.nextGaussian();
    }
    return new Minibatch(inputs, random.ints(examples, 0, spec.classes()).toArray());
  }

  /** The largest difference between the values of two states. */
  public static double distance(byte[] some, byte[] others) {
    FloatBuffer one = floats(some);
    FloatBuffer other = floats(others);
    double most = 0;
    for (int i = 0; i < other.limit(); i++) {
      most = Math.max(most, Math.abs(one.get(i) - other.get(i)));
    }
    return most;
  }
}
