package convoy.network;

import convoy.core.UserException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Built networks of this JVM, kept from task to task. A replica lives on a thread of its own: the
 * engine keeps memory and random numbers by thread, and Spark's threads come and go. Whoever uses a
 * replica restores its state first, so keeping it changes no result.
 */
public final class Replicas {
  private static final List<Replica> IDLE = new ArrayList<>();

  /**
   * What replicas can stand for one another.
   *
   * @param gpu that Spark assigned
   */
  public record Kind(NetworkSpec network, Backend backend, OptionalInt gpu) {
    public Kind {
      // The weights are restored anyhow.
      network = network.withSeed(0);
    }
  }

  /** A network and the thread that it lives on. */
  private record Replica(Kind kind, Network network, ExecutorService thread) {
    void close() {
      // Not execute: what it throws would reach Spark's handler and end the executor.
      var unused = thread.submit(network::close);
      thread.shutdown();
    }
  }

  private Replicas() {}

  /**
   * Lends a network of this kind to {@code work}, on the replica's thread.
   *
   * @param what the work is, for the message when the deadline passes
   */
  public static <T> T use(Kind kind, String what, Duration deadline, Function<Network, T> work) {
    Replica replica = take(kind);
    Future<T> result = replica.thread.submit(() -> work.apply(replica.network));
    boolean whole = false;
    try {
      T value = result.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
      whole = true;
      return value;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("A replica failed during " + what, e.getCause());
    } catch (TimeoutException e) {
      throw new UserException(
          "Cannot finish %s: it took more than %d minutes. Raise deadline-minutes."
              .formatted(what, deadline.toMinutes()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted during " + what, e);
    } finally {
      if (whole) {
        giveBack(replica);
      } else {
        result.cancel(true);
        replica.close();
      }
    }
  }

  private static Replica take(Kind kind) {
    synchronized (IDLE) {
      for (Iterator<Replica> idle = IDLE.iterator(); idle.hasNext(); ) {
        Replica replica = idle.next();
        if (replica.kind.equals(kind)) {
          idle.remove();
          return replica;
        }
      }
      // None of this kind is idle: those of other kinds only hold memory.
      IDLE.forEach(Replica::close);
      IDLE.clear();
    }
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread replica = new Thread(task, "replica");
              replica.setDaemon(true);
              return replica;
            });
    try {
      return new Replica(
          kind,
          thread.submit(() -> Engine.open(kind.network(), kind.backend(), kind.gpu())).get(),
          thread);
    } catch (ExecutionException e) {
      thread.shutdown();
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("Cannot build " + kind, e.getCause());
    } catch (InterruptedException e) {
      thread.shutdown();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while building " + kind, e);
    }
  }

  private static void giveBack(Replica replica) {
    synchronized (IDLE) {
      IDLE.add(replica);
    }
  }
}
