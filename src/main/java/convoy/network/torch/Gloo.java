package convoy.network.torch;

import convoy.core.Daemons;
import convoy.network.NativeVector;
import convoy.network.ProcessGroup;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.StringVector;
import org.bytedeco.pytorch.TCPStore;
import org.bytedeco.pytorch.TCPStoreOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Gloo's ring, which libtorch brings: reduce-scatter, then all-gather (Patarasuk and Yuan, 2009),
 * so a rank sends less than twice the vector, however many they are. Its connections are neither
 * authenticated nor encrypted.
 */
final class Gloo implements ProcessGroup {
  private static final long PAUSE_NANOS = 50_000;
  private static final long LONGEST_PAUSE_NANOS = 2_000_000;
  private static final long MEETING_PAUSE_NANOS = 10_000_000;

  /** Key of those who are. */
  private static final String HERE = "here";

  /** To connect: all have said that they are there. */
  private static final Milliseconds CONNECTING = new Milliseconds(60_000);

  private final Member member;
  private final TCPStore store;
  private final ProcessGroupGloo group;

  /** Of sums; null before the first. */
  private NativeVector room;

  /** An operation that was not waited for to its end; null as long as all is well. */
  private Work underWay;

  /** Found as a service. */
  public static final class Library implements ProcessGroup.Library {
    @Override
    public Rendezvous open(Member member) {
      Libtorch.start();
      return new Meeting(member);
    }
  }

  /** What is here goes to the group when all have joined. */
  private static final class Meeting implements Rendezvous {
    private final Member member;

    /**
     * Through which the ranks find each other, on rank 0; on others once they join. Closing a store
     * deletes it, whoever else counts on it (JavaCPP makes it with {@code new}), so it must outlive
     * the group.
     */
    private TCPStore store;

    private ProcessGroupGloo group;

    private Meeting(Member member) {
      this.member = member;
      if (member.rank() == 0) {
        store = store(member.host(), 0, true);
      }
    }

    private TCPStore store(String host, int port, boolean server) {
      return new TCPStore(
          host,
          new TCPStoreOptions()
              .isServer(server)
              .port((short) port)
              .waitWorkers(false)
              .timeout(CONNECTING));
    }

    @Override
    public String address() {
      return store == null ? "" : member.host() + " " + Short.toUnsignedInt(store.getPort());
    }

    @Override
    public ProcessGroup join(String address) {
      try {
        if (store == null) {
          String[] parts = address.split(" ");
          store = store(parts[0], Integer.parseInt(parts[1]), false);
        }
        gather();
        connect();
        Gloo joined = new Gloo(member, store, group);
        group = null;
        store = null;
        return joined;
      } catch (RuntimeException e) {
        throw failure(member, "to meet at " + address, e);
      }
    }

    private void connect() {
      // The group has references of its own; left to the garbage collector, these would keep a
      // thread and its sockets for long.
      try (var options = ProcessGroupGloo.Options.create(CONNECTING);
          var device = ProcessGroupGloo.createDeviceForHostname(member.host())) {
        options.devices().push_back(device);
        var unused =
            Stdout.quietly(
                () -> {
                  group = new ProcessGroupGloo(store, member.rank(), member.size(), options);
                  return group;
                });
      }
      group.setTimeout(new Milliseconds(member.deadline().toMillis()));
    }

    /** Until all ranks are here: the group itself waits in native code, which nothing could end. */
    private void gather() {
      long end = System.nanoTime() + member.deadline().toNanos();
      store.set(here(member.rank()), "");
      var unused = store.add(HERE, 1);
      while (store.add(HERE, 0) < member.size()) {
        if (member.cancelled().getAsBoolean()) {
          throw new IllegalStateException("the task was cancelled");
        }
        if (System.nanoTime() > end) {
          throw new IllegalStateException("workers %s did not come".formatted(missing()));
        }
        LockSupport.parkNanos(MEETING_PAUSE_NANOS);
      }
    }

    private String missing() {
      return IntStream.range(0, member.size())
          .filter(rank -> !store.check(new StringVector(here(rank))))
          .mapToObj(rank -> Integer.toString(rank + 1))
          .collect(Collectors.joining(", "));
    }

    private static String here(int rank) {
      return HERE + rank;
    }

    @Override
    public void close() {
      if (group != null) {
        group.close();
      }
      if (store != null) {
        store.close();
      }
    }
  }

  private Gloo(Member member, TCPStore store, ProcessGroupGloo group) {
    this.member = member;
    this.store = store;
    this.group = group;
  }

  @Override
  public boolean sum(long vector, int values, double weight) {
    return Scopes.freeing(
        () ->
            Scopes.withoutGradient(
                () -> {
                  Tensor tensor = TensorMemory.tensor(vector, values);
                  if (member.size() > 1) {
                    Tensor summed = room(values);
                    torch.mul_out(summed, tensor, torch.scalar_tensor(new Scalar(weight)));
                    await("to sum up", () -> group.allreduce(new TensorVector(summed)));
                    tensor.copy_(summed);
                  }
                  return Float.isFinite(tensor.norm().item_float());
                }));
  }

  /** Every rank adds up a part of the vector and tells the others (Tang et al., 2021). */
  @Override
  public boolean sumRounded(NativeVector vector, NativeVector residual, double weight) {
    return Scopes.freeing(
        () ->
            Scopes.withoutGradient(
                () -> {
                  Tensor tensor = TensorMemory.tensor(vector.address(), vector.values());
                  if (member.size() > 1) {
                    exchange(
                        tensor, TensorMemory.tensor(residual.address(), residual.values()), weight);
                  }
                  return Float.isFinite(tensor.norm().item_float());
                }));
  }

  private void exchange(Tensor tensor, Tensor residual, double weight) {
    long values = tensor.numel();
    long part = (values + member.size() - 1) / member.size();
    residual.add_(tensor, new Scalar(weight));
    Tensor sent = halves(part * member.size());
    sent.narrow(0, 0, values).copy_(residual);
    residual.sub_(sent.narrow(0, 0, values));
    Tensor received = halves(part * member.size());
    await(
        "to sum up", () -> group.alltoall_base(received, sent, new LongVector(), new LongVector()));
    Tensor sum = received.view(member.size(), part).to(ScalarType.Float).sum(0);
    Tensor rounded = sum.to(ScalarType.BFloat16);
    // What this rank rounds for all it keeps for all.
    long from = Math.min(values, part * member.rank());
    long length = Math.min(values, from + part) - from;
    residual.narrow(0, from, length).add_(sum.sub(rounded).narrow(0, 0, length));
    await("to sum up", () -> group._allgather_base(received, rounded));
    tensor.copy_(received.narrow(0, 0, values));
  }

  private static Tensor halves(long values) {
    return torch.zeros(
        new long[] {values},
        new TensorOptions().dtype(new ScalarTypeOptional(ScalarType.BFloat16)));
  }

  /**
   * A tensor of the group's own: Gloo may write into it when nobody waits any more. It is kept, as
   * new memory for every sum costs as much as a pass over it.
   */
  private Tensor room(int values) {
    if (room == null || room.values() < values) {
      if (room != null) {
        room.close();
      }
      room = new TensorMemory.Library().zeros(values);
    }
    return TensorMemory.tensor(room.address(), values);
  }

  @Override
  public double[] sum(double... values) {
    return Scopes.freeing(
        () -> {
          Tensor tensor = Tensor.create(values);
          await("to agree", () -> group.allreduce(new TensorVector(tensor)));
          double[] sums = new double[values.length];
          tensor.data_ptr_double().get(sums);
          return sums;
        });
  }

  @Override
  public void broadcast(long vector, int values) {
    var unused =
        Scopes.freeing(
            () -> {
              Tensor tensor = TensorMemory.tensor(vector, values);
              Tensor sent = tensor.clone();
              await("to begin", () -> group.broadcast(new TensorVector(sent)));
              tensor.copy_(sent);
              return values;
            });
  }

  /** Not libtorch's own wait, which nothing could end. */
  private void await(String purpose, Supplier<Work> operation) {
    long began = System.nanoTime();
    long end = began + member.deadline().toNanos();
    Work work = operation.get();
    try {
      while (!work.isCompleted()) {
        if (member.cancelled().getAsBoolean()) {
          throw new IllegalStateException("the task was cancelled");
        }
        if (System.nanoTime() > end) {
          throw new IllegalStateException("none came");
        }
        // The longer it takes, the less a look more often would save; and others need the core.
        long passed = System.nanoTime() - began;
        LockSupport.parkNanos(Math.min(LONGEST_PAUSE_NANOS, PAUSE_NANOS + passed / 16));
      }
      // Throws what went wrong.
      work._wait();
    } catch (RuntimeException e) {
      underWay = work.retainReference();
      throw failure(member, purpose, e);
    }
  }

  private static GroupException failure(Member member, String purpose, RuntimeException e) {
    return new GroupException(
        "Worker %d of %d on %s waited for the others %s, at most %d s, in vain: %s"
            .formatted(
                member.rank() + 1,
                member.size(),
                member.host(),
                purpose,
                member.deadline().toSeconds(),
                String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
        e);
  }

  /** What is under way ends with its own deadline or with its peers; closing would wait for it. */
  @Override
  public void close() {
    if (underWay == null || underWay.isCompleted()) {
      end();
      return;
    }
    Thread ending =
        Daemons.named("process-group-end")
            .newThread(
                () -> {
                  while (!underWay.isCompleted()) {
                    LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
                  }
                  end();
                });
    try {
      ending.start();
    } catch (OutOfMemoryError e) {
      // No more threads: better late than in the order of the garbage collector.
      end();
      throw e;
    }
  }

  private void end() {
    if (underWay != null) {
      underWay.releaseReference();
    }
    group.close();
    // Not before: the group lets go of it in its memory.
    store.close();
    if (room != null) {
      room.close();
    }
  }
}
