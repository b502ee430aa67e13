package convoy.network.torch;

import convoy.core.Processor;
import convoy.network.Architectures;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.Device;
import convoy.network.Engine;
import convoy.network.LayerRates;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.architecture.Blueprint;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch;

/** libtorch; runs every network. */
public final class TorchEngine implements Engine {

  @Override
  public EngineName name() {
    return EngineName.TORCH;
  }

  @Override
  public Optional<String> refusal(Blueprint blueprint) {
    return Optional.empty();
  }

  @Override
  public Optional<String> refusal(Precision precision, Device device) {
    boolean can = precision == Precision.FLOAT32 || device.isGpu() || Processor.hasBfloat16();
    return can ? Optional.empty() : Optional.of("this processor has neither AVX512_BF16 nor AMX");
  }

  @Override
  public boolean weighsClasses() {
    return true;
  }

  @Override
  public boolean measures() {
    return true;
  }

  @Override
  public Optional<String> refusal(LayerRates rates) {
    return Optional.empty();
  }

  @Override
  public Network build(NetworkSpec spec, Blueprint blueprint, Precision precision, Device device) {
    Libtorch.start();
    return new TorchNetwork(spec, blueprint, precision, pointer(device));
  }

  @Override
  public Network kernelsAlone(NetworkSpec spec, int minibatch) {
    Libtorch.start();
    return new KernelsAlone(spec, Architectures.blueprint(spec), minibatch);
  }

  private static org.bytedeco.pytorch.Device pointer(Device device) {
    return new org.bytedeco.pytorch.Device(
        device.isGpu() ? "cuda:" + device.gpu().getAsInt() : "cpu");
  }

  @Override
  public long replicaBytes(Blueprint blueprint, int minibatch, Precision precision) {
    return TrainingMemory.bytes(blueprint, minibatch, precision);
  }

  @Override
  public int gpus() {
    Libtorch.start();
    return torch.cuda_is_available() ? (int) torch.cuda_device_count() : 0;
  }

  @Override
  public String lookedFor() {
    Libtorch.start();
    return torch.hasCUDA()
        ? "libtorch sees %d NVIDIA GPUs with a driver for its CUDA (nvidia-smi lists them)"
            .formatted(gpus())
        : "libtorch was loaded without CUDA: the job jar is not the one for GPUs (./mvnw -Pcuda package makes it), or CUDA 13 and cuDNN 9 are not on this machine";
  }
}
