package convoy.rounds;

import convoy.network.ModelState;
import convoy.network.NativeVector;
import convoy.network.Network;
import convoy.network.ProcessGroup;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The end of a round on one rank: its replica's vectors become those of all ranks. What that
 * remembers from round to round is kept here, outside the heap.
 */
final class RoundAverage implements AutoCloseable {
  /** Of the outer step; the same on all ranks. */
  static final String OUTER = "outer";

  /** Moving average of the parameters; on rank 0. */
  static final String AVERAGE = "average";

  /** Each rank's own. */
  static final String MOMENTUM = "momentum";

  /** What rounding took; each rank's own. */
  static final String RESIDUAL = "residual";

  /** The parameters that a round began with, where it is asked for them. */
  private static final String BEGAN = "began";

  private final TrainingTask.Rules rules;
  private final int values;
  private final Network network;
  private final ProcessGroup group;
  private final int ranks;
  private final NativeVector.Library library = NativeVector.library();
  private final Map<String, NativeVector> kept = new LinkedHashMap<>();
  private long sentBytes;

  /**
   * @param values of the network's state
   */
  RoundAverage(
      TrainingTask.Rules rules,
      int values,
      Network network,
      ProcessGroup group,
      ProcessGroup.Member member) {
    this.rules = rules;
    this.values = values;
    this.network = network;
    this.group = group;
    ranks = member.size();
    boolean rounds = rules.payload() == Payload.BFLOAT16;
    try {
      keep(OUTER, rules.outerStep().remembers());
      keep(AVERAGE, rules.movingAverage() > 0 && member.rank() == 0);
      keep(RESIDUAL, rounds);
      keep(BEGAN, rules.outerStep().remembers() || rounds);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void keep(String name, boolean isNeeded) {
    if (isNeeded) {
      kept.put(name, library.zeros(values));
    }
  }

  private Optional<NativeVector> began() {
    return Optional.ofNullable(kept.get(BEGAN));
  }

  /** A vector of the replica. */
  private NativeVector at(long address, Network.Vectors vectors) {
    return library.at(address, vectors.values());
  }

  private void parameters(Consumer<NativeVector> work) {
    network.change(
        vectors -> {
          try (NativeVector parameters = at(vectors.parameters(), vectors)) {
            work.accept(parameters);
          }
        });
  }

  /** All ranks go to rank 0's state; momentum of their own they have where a run goes on. */
  void begin(boolean isNew) {
    network.change(
        vectors -> {
          broadcast(vectors.parameters(), vectors.values());
          if (isNew || rules.momentum() != MomentumRule.KEEP_LOCAL) {
            broadcast(vectors.momentum(), vectors.remembered());
          }
        });
    Optional.ofNullable(kept.get(OUTER))
        .ifPresent(outer -> broadcast(outer.address(), outer.values()));
  }

  /** All is restored, and the first round begins. */
  void start(boolean isNew) {
    parameters(
        parameters -> {
          began().ifPresent(vector -> vector.copy(parameters));
          if (isNew) {
            Optional.ofNullable(kept.get(AVERAGE)).ifPresent(vector -> vector.copy(parameters));
          }
        });
  }

  /**
   * Whether all parameters are finite afterwards, which all ranks see alike.
   *
   * @param weight of this rank's
   * @param learningRate of the round
   * @param rounds that a run had before
   */
  boolean average(double weight, double learningRate, long rounds) {
    AtomicBoolean finite = new AtomicBoolean();
    network.change(
        vectors -> {
          try (NativeVector parameters = at(vectors.parameters(), vectors)) {
            finite.set(sum(parameters, vectors.trained(), weight));
            if (rules.momentum() == MomentumRule.AVERAGE) {
              boolean unused = group.sum(vectors.momentum(), vectors.remembered(), weight);
              sent(vectors.remembered(), Float.BYTES);
            }
            outerStep(parameters, vectors.trained(), learningRate);
            began().ifPresent(vector -> vector.copy(parameters));
            moveAverage(parameters, rounds);
          }
        });
    if (rules.momentum() == MomentumRule.RESET) {
      network.rest();
    }
    return finite.get();
  }

  private boolean sum(NativeVector parameters, List<Network.Stretch> trained, double weight) {
    // One worker is plain SGD to the bit, whatever it would send.
    if (rules.payload() == Payload.FLOAT32 || ranks == 1) {
      sent(parameters.values(), Float.BYTES);
      return group.sum(parameters.address(), parameters.values(), weight);
    }
    sent(parameters.values(), Short.BYTES);
    // Few statistics, whose small values would drown in the rounding of large changes.
    List<Network.Stretch> statistics = others(trained, parameters.values());
    List<NativeVector> exact = new ArrayList<>();
    try {
      for (Network.Stretch stretch : statistics) {
        NativeVector copy = library.zeros(stretch.length());
        exact.add(copy);
        try (NativeVector part = parameters.part(stretch.from(), stretch.length())) {
          copy.copy(part);
        }
      }
      NativeVector began = began().orElseThrow();
      parameters.add(-1, began);
      boolean finite = group.sumRounded(parameters, kept.get(RESIDUAL), weight);
      parameters.add(1, began);
      for (int i = 0; i < exact.size(); i++) {
        Network.Stretch stretch = statistics.get(i);
        NativeVector copy = exact.get(i);
        finite &= group.sum(copy.address(), copy.values(), weight);
        try (NativeVector part = parameters.part(stretch.from(), stretch.length())) {
          part.copy(copy);
        }
        sent(stretch.length(), Float.BYTES);
      }
      return finite;
    } finally {
      exact.forEach(NativeVector::close);
    }
  }

  /** What lies between stretches. */
  private static List<Network.Stretch> others(List<Network.Stretch> stretches, int values) {
    List<Network.Stretch> others = new ArrayList<>();
    int at = 0;
    List<Network.Stretch> sorted =
        stretches.stream().sorted(Comparator.comparingInt(Network.Stretch::from)).toList();
    for (Network.Stretch stretch : sorted) {
      if (stretch.from() > at) {
        others.add(new Network.Stretch(at, stretch.from() - at));
      }
      at = stretch.from() + stretch.length();
    }
    if (at < values) {
      others.add(new Network.Stretch(at, values - at));
    }
    return others;
  }

  private void outerStep(
      NativeVector parameters, List<Network.Stretch> trained, double learningRate) {
    if (!rules.outerStep().remembers()) {
      return;
    }
    for (Network.Stretch stretch : trained) {
      try (NativeVector began = began().orElseThrow().part(stretch.from(), stretch.length());
          NativeVector mean = parameters.part(stretch.from(), stretch.length());
          NativeVector outer = kept.get(OUTER).part(stretch.from(), stretch.length())) {
        rules.outerStep().apply(began, mean, outer, learningRate);
      }
    }
  }

  /** The first rounds count more than the decay says, or first weights would stay for long. */
  private void moveAverage(NativeVector parameters, long rounds) {
    NativeVector average = kept.get(AVERAGE);
    if (average != null) {
      // As it will be rounded: the two factors have to make one.
      float decay = (float) Math.min(rules.movingAverage(), (1.0 + rounds) / (10.0 + rounds));
      average.scale(decay);
      average.add(1.0 - decay, parameters);
    }
  }

  private void broadcast(long vector, int values) {
    group.broadcast(vector, values);
    sentBytes += (long) values * Float.BYTES * (ranks - 1) / ranks;
  }

  /** Each half of a ring, or of an exchange, sends a vector but for one rank's part. */
  private void sent(long values, int bytes) {
    sentBytes += 2 * values * bytes * (ranks - 1) / ranks;
  }

  /** Bytes of vectors that a rank has sent, in the mean of all, since this was asked before. */
  long sentBytes() {
    long sent = sentBytes;
    sentBytes = 0;
    return sent;
  }

  /**
   * Does something with the moving average, or the parameters where there is none, in a replica.
   */
  void withAverage(Runnable work) {
    if (rules.movingAverage() == 0) {
      work.run();
      return;
    }
    // On the other ranks a place for rank 0's.
    boolean isFirst = kept.containsKey(AVERAGE);
    NativeVector average = isFirst ? kept.get(AVERAGE) : library.zeros(values);
    try {
      broadcast(average.address(), average.values());
      parameters(average::swap);
      work.run();
      parameters(average::swap);
    } finally {
      if (!isFirst) {
        average.close();
      }
    }
  }

  /** What a checkpoint needs beside the state, in the state's order, by name. */
  Map<String, byte[]> shared() {
    return inOrder(List.of(OUTER, AVERAGE));
  }

  /** What a checkpoint needs of every rank. */
  Map<String, byte[]> own() {
    Map<String, byte[]> own = new LinkedHashMap<>(inOrder(List.of(RESIDUAL)));
    if (rules.momentum() == MomentumRule.KEEP_LOCAL) {
      own.put(MOMENTUM, network.state().momentum());
    }
    return own;
  }

  /** An engine's order becomes the state's in a replica. */
  private Map<String, byte[]> inOrder(List<String> names) {
    Map<String, byte[]> vectors = new LinkedHashMap<>();
    for (String name : names) {
      NativeVector vector = kept.get(name);
      if (vector != null) {
        parameters(vector::swap);
        vectors.put(name, network.state().parameters());
        parameters(vector::swap);
      }
    }
    return vectors;
  }

  /** Those of a checkpoint; others are left alone. */
  void restore(Map<String, byte[]> vectors) {
    Optional.ofNullable(vectors.get(MOMENTUM))
        .ifPresent(
            momentum -> network.restore(new ModelState(network.state().parameters(), momentum)));
    for (String name : List.of(OUTER, AVERAGE, RESIDUAL)) {
      byte[] bytes = vectors.get(name);
      if (bytes != null) {
        ModelState state = network.state();
        network.restore(new ModelState(bytes, state.momentum()));
        parameters(kept.get(name)::copy);
        network.restore(state);
      }
    }
  }

  @Override
  public void close() {
    kept.values().forEach(NativeVector::close);
  }
}
