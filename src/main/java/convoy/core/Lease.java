package convoy.core;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write into a folder, for one process at a time. It is renewed while the process
 * lives; one that is not renewed for a minute, or whose process on this machine is gone, is lost.
 */
public final class Lease implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
  public static final String FILE = "lease.json";
  private static final Duration RENEWAL = Duration.ofSeconds(10);
  private static final Duration LIFE = Duration.ofMinutes(1);
  private static final Duration SETTLING = Duration.ofMillis(300);

  /**
   * {@code lease.json}.
   *
   * @param token of this lease alone
   * @param machine that process numbers are of; empty where it is not known
   * @param since and {@code renewed}: UTC
   */
  record Holder(
      String token,
      String user,
      String host,
      String machine,
      long process,
      String since,
      String renewed) {

    private boolean isDead() {
      boolean gone =
          !machine.isEmpty()
              && machine.equals(machine())
              && ProcessHandle.of(process).filter(p -> p.isAlive()).isEmpty();
      return gone || Instant.parse(renewed).plus(LIFE).isBefore(Instant.now());
    }
  }

  private final Location file;
  private final String name;
  private final Holder own;
  private final ScheduledExecutorService renewal =
      Executors.newSingleThreadScheduledExecutor(Daemons.named("lease"));

  private Lease(Location folder, String kind, Holder own) {
    file = folder.child(FILE);
    name = kind + " " + folder;
    this.own = own;
  }

  /**
   * Takes the lease.
   *
   * @param kind of the folder, for messages: {@code run}
   * @throws UserException if somebody else has it, with who and since when
   */
  public static Lease take(Location folder, String kind) {
    String now = Provenance.now();
    Holder own =
        new Holder(
            UUID.randomUUID().toString(),
            System.getProperty("user.name"),
            hostName(),
            machine(),
            ProcessHandle.current().pid(),
            now,
            now);
    Lease lease = new Lease(folder, kind, own);
    for (int attempt = 0; attempt < 3; attempt++) {
      if (lease.file.create(Documents.toJson(own))) {
        lease.settle();
        return lease;
      }
      Optional<Holder> holder = lease.holder();
      if (holder.isPresent() && !holder.get().isDead()) {
        throw refusal(lease.name, holder.get());
      }
      if (holder.isPresent()) {
        lease.file.delete();
      } else {
        // It is being written, or was given back just now.
        pause();
      }
    }
    throw new UserException(
        "Cannot write into %s: its lease.json cannot be read. Delete it if nobody is at work."
            .formatted(lease.name));
  }

  /** Whether somebody is at work in a folder. */
  public static boolean isHeld(Location folder) {
    return read(folder.child(FILE)).filter(holder -> !holder.isDead()).isPresent();
  }

  /**
   * What taking the lease would refuse now, without taking it.
   *
   * @param kind of the folder, for the message
   */
  public static void requireFree(Location folder, String kind) {
    Optional<Holder> holder = read(folder.child(FILE)).filter(one -> !one.isDead());
    if (holder.isPresent()) {
      throw refusal(kind + " " + folder, holder.get());
    }
  }

  /** Two who found a dead lease at the same time could both have made a new one. */
  private void settle() {
    pause();
    requireHeld();
    var unused =
        renewal.scheduleWithFixedDelay(
            this::renew, RENEWAL.toSeconds(), RENEWAL.toSeconds(), TimeUnit.SECONDS);
  }

  private static void pause() {
    try {
      Thread.sleep(SETTLING.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while taking a lease", e);
    }
  }

  private void renew() {
    try {
      if (isHeld()) {
        file.writeText(
            Documents.toJson(
                new Holder(
                    own.token,
                    own.user,
                    own.host,
                    own.machine,
                    own.process,
                    own.since,
                    Provenance.now())));
      }
    } catch (RuntimeException e) {
      // The next one may succeed; an exception would end them all.
      LOG.warn("The lease of {} could not be renewed", name, e);
    }
  }

  private boolean isHeld() {
    return holder().filter(holder -> holder.token.equals(own.token)).isPresent();
  }

  /** Removes what others, who were killed at their work here, have left half written. */
  public void cleanUp() {
    file.parent().deletePartials(LIFE);
  }

  /** To be asked before anything that others see is written. */
  public void requireHeld() {
    Optional<Holder> holder = holder();
    // It may be between two contents, where a file system cannot replace a file at once.
    for (int attempt = 0; attempt < 5 && holder.isEmpty(); attempt++) {
      pause();
      holder = holder();
    }
    if (holder.filter(h -> h.token.equals(own.token)).isEmpty()) {
      throw holder
          .map(other -> refusal(name, other))
          .orElseGet(
              () ->
                  new UserException(
                      "Cannot go on in %s: its lease was deleted, or cannot be read. Run again."
                          .formatted(name)));
    }
  }

  private static UserException refusal(String name, Holder holder) {
    return new UserException(
        "Cannot write into %s: %s on %s (process %d) has been at work since %s. Wait for it; a lease that is not renewed for a minute is lost."
            .formatted(name, holder.user, holder.host, holder.process, holder.since));
  }

  private Optional<Holder> holder() {
    return read(file);
  }

  private static Optional<Holder> read(Location file) {
    try {
      return file.exists() ? Optional.of(Documents.read(file, Holder.class)) : Optional.empty();
    } catch (UserException e) {
      return Optional.empty();
    }
  }

  /** Names of hosts are not enough: containers may share one, and have processes of their own. */
  private static String machine() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
          + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  /** Of this machine. */
  public static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  @Override
  public void close() {
    renewal.shutdownNow();
    try {
      // One that is on its way would bring the file back.
      boolean unused = renewal.awaitTermination(LIFE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (isHeld()) {
      file.delete();
    }
  }
}
