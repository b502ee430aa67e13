package convoy.network.torch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Standard output without what Gloo prints when ranks connect, a line a rank, which nothing turns
 * off: a job's results are on it. What others print meanwhile comes a moment later. On Linux;
 * Gloo's lines are seen elsewhere.
 */
final class Stdout {

  /** Whole lines; those of several ranks run into each other, and leave their last numbers. */
  private static final Pattern CHATTER =
      Pattern.compile(
          "^.*(\\[Gloo\\] Rank |connected peer ranks ).*\\R?(^\\d*\\R)*", Pattern.MULTILINE);

  private static final Logger LOG = LoggerFactory.getLogger(Stdout.class);
  private static final int STDOUT = 1;
  private static final int WRITE_ONLY = 1;
  private static int users;
  private static int saved;
  private static Path aside;

  /** The C library, as far as it is needed. */
  interface LibC extends Library {
    int dup(int file);

    int dup2(int file, int other);

    int open(String path, int flags);

    int close(int file);

    long write(int file, byte[] bytes, long count);
  }

  /** Loaded where it is used. */
  private static final class C {
    private static final LibC LIBRARY = Native.load("c", LibC.class);
  }

  private Stdout() {}

  /** Does what makes Gloo talk. */
  static <T> T quietly(Supplier<T> work) {
    if (!Platform.isLinux()) {
      return work.get();
    }
    boolean quiet = enter();
    try {
      return work.get();
    } finally {
      if (quiet) {
        leave();
      }
    }
  }

  /** Whether it could be done. */
  private static synchronized boolean enter() {
    if (users > 0) {
      users++;
      return true;
    }
    try {
      aside = Files.createTempFile("convoy", ".stdout");
    } catch (IOException e) {
      LOG.warn("Gloo's lines cannot be kept off standard output", e);
      return false;
    }
    users = 1;
    System.out.flush();
    saved = C.LIBRARY.dup(STDOUT);
    int file = C.LIBRARY.open(aside.toString(), WRITE_ONLY);
    C.LIBRARY.dup2(file, STDOUT);
    C.LIBRARY.close(file);
    return true;
  }

  private static synchronized void leave() {
    if (--users > 0) {
      return;
    }
    System.out.flush();
    C.LIBRARY.dup2(saved, STDOUT);
    try {
      String text = Files.readString(aside, StandardCharsets.ISO_8859_1);
      Files.delete(aside);
      String rest = CHATTER.matcher(text).replaceAll("");
      if (!rest.isBlank()) {
        System.out.flush();
        write(rest.getBytes(StandardCharsets.ISO_8859_1));
      }
    } catch (IOException e) {
      LOG.warn("What was printed while ranks met is lost", e);
    } finally {
      C.LIBRARY.close(saved);
    }
  }

  private static void write(byte[] bytes) throws IOException {
    byte[] rest = bytes;
    while (rest.length > 0) {
      long written = C.LIBRARY.write(saved, rest, rest.length);
      if (written <= 0) {
        throw new IOException("standard output takes no more");
      }
      rest = Arrays.copyOfRange(rest, (int) written, rest.length);
    }
  }
}
