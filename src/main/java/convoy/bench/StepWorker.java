package convoy.bench;

import convoy.core.Daemons;
import convoy.core.UserException;
import convoy.data.reading.Minibatch;
import convoy.network.Backend;
import convoy.network.Backend.DeviceKind;
import convoy.network.Backend.EngineName;
import convoy.network.Backend.Precision;
import convoy.network.Engine;
import convoy.network.FirstState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process that runs one network on one engine for as long as it is told to: it reads a number of
 * seconds a line and answers with the images/s of all its replicas and the process's memory, until
 * its input ends. A process of its own, since two builds of libtorch don't share one.
 */
public final class StepWorker {
  private static final Network.Step STEP = new Network.Step(1e-4, 0.9, 5e-4);
  private static final int FEWEST_STEPS = 2;

  /** What a worker says when its networks are built, or when its engine refuses them. */
  static final String READY = "ready";

  static final String REFUSED = "refused";

  private StepWorker() {}

  /**
   * @param arguments a network, its size and minibatch, phase, engine, precision, replicas
   */
  public static void main(String[] arguments) throws Exception {
    StepCase measured =
        new StepCase(arguments[0], Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
    StepCase.Phase phase = StepCase.Phase.valueOf(arguments[3]);
    NetworkSpec spec = measured.spec(phase);
    int replicas = Integer.parseInt(arguments[6]);
    List<ExecutorService> threads = new ArrayList<>();
    List<Replica> running = new ArrayList<>();
    try {
      for (int r = 0; r < replicas; r++) {
        // So that a process whose network cannot be built ends, and is not waited for.
        ExecutorService thread = Executors.newSingleThreadExecutor(Daemons.named("replica"));
        threads.add(thread);
        running.add(
            thread
                .submit(
                    () ->
                        new Replica(
                            network(arguments[4], arguments[5], spec, measured.minibatch()),
                            minibatch(spec, measured.minibatch()),
                            phase))
                .get());
      }
    } catch (ExecutionException e) {
      // An engine that lacks a layer has no row.
      if (e.getCause() instanceof UserException refusal) {
        System.out.println(REFUSED + " " + refusal.getMessage());
        System.exit(0);
      }
      throw e;
    }
    System.out.println(READY);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      double imagesPerSecond = run(threads, running, Double.parseDouble(line));
      System.out.printf(Locale.ROOT, "result %.4f %d%n", imagesPerSecond, residentMebibytes());
    }
    System.exit(0);
  }

  private static Network network(String engine, String precision, NetworkSpec spec, int minibatch)
      throws ReflectiveOperationException {
    Backend backend = new Backend(EngineName.TORCH, DeviceKind.CPU, Precision.valueOf(precision));
    return switch (engine) {
      case "kernels" -> Engine.of(EngineName.TORCH).kernelsAlone(spec, minibatch);
      // Not part of the product: it is on the class path of the benchmark alone.
      case "djl" ->
          Class.forName("convoy.bench.DjlNetwork")
              .asSubclass(Network.class)
              .getConstructor(NetworkSpec.class)
              .newInstance(spec);
      case "dl4j" ->
          begun(spec, new Backend(EngineName.DL4J, DeviceKind.CPU, Precision.valueOf(precision)));
      default -> begun(spec, backend);
    };
  }

  private static Network begun(NetworkSpec spec, Backend backend) {
    Network network = Engine.open(spec, backend, OptionalInt.empty());
    network.restore(FirstState.of(spec));
    return network;
  }

  private static Minibatch minibatch(NetworkSpec spec, int examples) {
    Random random = new Random(5);
    float[] inputs = new float[examples * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) random.nextGaussian();
    }
    return new Minibatch(inputs, random.ints(examples, 0, spec.classes()).toArray());
  }

  private record Replica(Network network, Minibatch minibatch, StepCase.Phase phase) {
    void step() {
      if (phase == StepCase.Phase.TRAIN) {
        double unused = network.fit(minibatch, STEP);
      } else {
        float[] unused = network.probabilities(minibatch.inputs(), minibatch.examples());
      }
    }

    /** Images/s by the median step. */
    double run(double seconds) {
      List<Double> times = new ArrayList<>();
      long end = System.nanoTime() + (long) (seconds * 1e9);
      while (System.nanoTime() < end || times.size() < FEWEST_STEPS) {
        long start = System.nanoTime();
        step();
        times.add((System.nanoTime() - start) / 1e9);
      }
      Collections.sort(times);
      return minibatch.examples() / times.get(times.size() / 2);
    }
  }

  private static double run(List<ExecutorService> threads, List<Replica> replicas, double seconds)
      throws Exception {
    CyclicBarrier together = new CyclicBarrier(replicas.size());
    List<Future<Double>> results = new ArrayList<>();
    for (int r = 0; r < replicas.size(); r++) {
      Replica replica = replicas.get(r);
      Callable<Double> work =
          () -> {
            together.await();
            return replica.run(seconds);
          };
      results.add(threads.get(r).submit(work));
    }
    double sum = 0;
    for (Future<Double> result : results) {
      sum += result.get();
    }
    return sum;
  }

  /** What the process has of the machine's memory; 0 where the system does not say. */
  private static long residentMebibytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        ? Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
            .findFirst()
            .orElse(0)
        : 0;
  }
}
