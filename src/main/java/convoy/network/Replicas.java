package convoy.network;

import convoy.core.Daemons;
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
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Built networks of this JVM, kept from task to task, and closed when none has used them for a
 * minute. A replica lives on a thread of its own: the engine keeps memory and random numbers by
 * thread, and Spark's threads come and go. Whoever uses a replica restores its state first, so
 * keeping it changes no result.
 */
public final class Replicas {
  private static final Duration KEPT = Duration.ofMinutes(1);
  private static final List<Replica> IDLE = new ArrayList<>();
  private static final ScheduledExecutorService CLOSING =
      Executors.newSingleThreadScheduledExecutor(Daemons.named("idle-replicas"));

  static {
    long seconds = KEPT.toSeconds() / 2;
    var unused =
        CLOSING.scheduleWithFixedDelay(() -> closeIdle(KEPT), seconds, seconds, TimeUnit.SECONDS);
  }

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
  private static final class Replica {
    private final Kind kind;
    private final Network network;
    private final ExecutorService thread;
    private long idleSince;

    private Replica(Kind kind, Network network, ExecutorService thread) {
      this.kind = kind;
      this.network = network;
      this.thread = thread;
    }

    private void close() {
      // Not execute: what it throws would reach Spark's handler and end the executor.
      var unused = thread.submit(network::close);
      thread.shutdown();
    }
  }

  /** A replica that somebody has to himself until he gives it back. */
  public static final class Lease implements AutoCloseable {
    private final Replica replica;
    private final Duration deadline;
    private boolean whole = true;

    private Lease(Replica replica, Duration deadline) {
      this.replica = replica;
      this.deadline = deadline;
    }

    /**
     * Does work with the network, on the replica's thread.
     *
     * @param what the work is, for the message when the deadline passes
     */
    public <T> T use(String what, Function<Network, T> work) {
      Future<T> result = replica.thread.submit(() -> work.apply(replica.network));
      boolean done = false;
      try {
        T value = result.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        done = true;
        return value;
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw new IllegalStateException("A replica failed during " + what, e.getCause());
      } catch (TimeoutException e) {
        throw new UserException(
            "Cannot finish %s: it took more than %d s. Raise deadline-minutes."
                .formatted(what, deadline.toSeconds()),
            e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted during " + what, e);
      } finally {
        if (!done) {
          whole = false;
          result.cancel(true);
        }
      }
    }

    /** Gives it back; one that failed is nobody's any more. */
    @Override
    public void close() {
      if (!whole) {
        replica.close();
        return;
      }
      synchronized (IDLE) {
        replica.idleSince = System.nanoTime();
        IDLE.add(replica);
      }
    }
  }

  private Replicas() {}

  /** Lends a network of this kind to {@code work}; see {@link Lease#use}. */
  public static <T> T use(Kind kind, String what, Duration deadline, Function<Network, T> work) {
    try (Lease lease = lend(kind, deadline)) {
      return lease.use(what, work);
    }
  }

  /**
   * Lends a network of this kind.
   *
   * @param deadline of each piece of work
   */
  public static Lease lend(Kind kind, Duration deadline) {
    return new Lease(take(kind), deadline);
  }

  /** Closes those that nobody uses. */
  public static void closeIdle() {
    closeIdle(Duration.ZERO);
  }

  private static void closeIdle(Duration since) {
    synchronized (IDLE) {
      for (Iterator<Replica> idle = IDLE.iterator(); idle.hasNext(); ) {
        Replica replica = idle.next();
        if (System.nanoTime() - replica.idleSince >= since.toNanos()) {
          idle.remove();
          replica.close();
        }
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
      closeIdle();
    }
    ExecutorService thread = Executors.newSingleThreadExecutor(Daemons.named("replica"));
    Future<Network> built =
        thread.submit(() -> Engine.open(kind.network(), kind.backend(), kind.gpu()));
    try {
      return new Replica(kind, built.get(), thread);
    } catch (ExecutionException e) {
      thread.shutdown();
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("Cannot build " + kind, e.getCause());
    } catch (InterruptedException e) {
      // It is built all the same, and nobody's.
      var unused =
          thread.submit(
              () -> {
                built.get().close();
                return true;
              });
      thread.shutdown();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while building " + kind, e);
    }
  }
}
