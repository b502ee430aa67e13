package convoy.network;

import convoy.core.UserException;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.architecture.Blueprint;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * What runs networks. Engines are found as services, so that nobody but their own package names
 * them, and one whose libraries are not there is missed only when it is asked for.
 */
public interface Engine extends Device.Inventory {

  EngineName name();

  /** Why this engine cannot run a network, if so: one clause. */
  Optional<String> refusal(Blueprint blueprint);

  /** Why this engine cannot compute in this precision on this device, if so: one clause. */
  Optional<String> refusal(Precision precision, Device device);

  /** Why this engine cannot train layers at these rates, if so: one clause. */
  Optional<String> refusal(LayerRates rates);

  /** Whether its networks can {@link Network#measure}. */
  boolean measures();

  /** Whether its losses can have {@link Network.Loss#classWeights}. */
  boolean weighsClasses();

  /**
   * Builds a network whose parameters are zeros until a state is restored.
   *
   * @param blueprint of the spec
   * @throws UserException if the engine refuses it
   */
  Network build(NetworkSpec spec, Blueprint blueprint, Precision precision, Device device);

  /** Bytes outside the heap, or on its GPU, that a replica takes while it trains. */
  long replicaBytes(Blueprint blueprint, int minibatch, Precision precision);

  /**
   * What of a network multiplies, each layer on its own, in single precision on the CPU: to measure
   * steps against.
   */
  Network kernelsAlone(NetworkSpec spec, int minibatch);

  /** The network of a spec on a backend; its parameters are zeros until a state is restored. */
  static Network open(NetworkSpec spec, Backend backend, OptionalInt assignedGpu) {
    Engine engine = of(backend.engine());
    engine.require(spec);
    Device device = Device.choose(backend.device(), assignedGpu, engine);
    engine
        .refusal(backend.precision(), device)
        .ifPresent(
            reason -> {
              throw new UserException(
                  "Cannot compute in %s: %s. Set network.precision=float32."
                      .formatted(spelled(backend.precision()), reason));
            });
    return engine.build(spec, Architectures.blueprint(spec), backend.precision(), device);
  }

  /** Refuses what the engine lacks layers for. */
  default void require(NetworkSpec spec) {
    refusal(Architectures.blueprint(spec))
        .ifPresent(
            reason -> {
              throw new UserException(
                  "Cannot run %s on engine %s: %s. Set network.engine=torch."
                      .formatted(spec.architecture(), spelled(name()), reason));
            });
  }

  /** Refuses rates that the engine cannot train with. */
  default void require(LayerRates rates) {
    refusal(rates)
        .ifPresent(
            reason -> {
              throw new UserException(
                  "Cannot train on engine %s: %s. Set network.engine=torch, or training.trained-layers=all."
                      .formatted(spelled(name()), reason));
            });
  }

  /** The engine of this name. */
  static Engine of(EngineName name) {
    try {
      return ServiceLoader.load(Engine.class, Engine.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .filter(engine -> engine.name() == name)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("There is no engine " + name));
    } catch (ServiceConfigurationError e) {
      throw new IllegalStateException("The engines cannot be listed", e);
    }
  }

  private static String spelled(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }
}
