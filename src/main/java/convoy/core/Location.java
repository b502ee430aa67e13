package convoy.core;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.apache.commons.io.output.CloseShieldOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/**
 * A file or folder on any file system that Hadoop reaches: {@code file:}, {@code hdfs:}, {@code
 * s3a:}, or a plain path, which is local. Every operation that fails for a reason outside Convoy
 * throws a {@link UserException} that names the location.
 */
public record Location(String uri) implements Serializable {
  // Hadoop parses XML files for each new configuration, a thousand times the cost of opening a
  // file.
  private static volatile Settings settings;

  /** What reading through takes as long as a request of its own, at some 50 MB/s and 20 ms. */
  public static final long LONG_SKIP_BYTES = 1 << 20;

  private static final Set<String> OBJECT_STORES = Set.of("s3a", "s3", "s3n", "gs", "oss", "cosn");

  private static final HadoopSettings OTHER_SETTINGS = HadoopSettings.found();

  /** Hadoop's settings as they were with a {@link HadoopSettings#source}. */
  private record Settings(Object source, Configuration configuration) {}

  /**
   * One entry of a folder.
   *
   * @param length in bytes, 0 for folders
   * @param modified in milliseconds since 1970
   */
  public record Entry(Location location, boolean folder, long length, long modified)
      implements Serializable {
    public String name() {
      return location.name();
    }
  }

  /** Writes the whole content of a file. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** An operation of a file system. */
  @FunctionalInterface
  private interface Operation<T> {
    T on(FileSystem files, Path path) throws IOException;
  }

  public static Location of(String path) {
    if (path.isBlank()) {
      throw new UserException("Cannot use an empty path. Give a folder or file.");
    }
    // A plain path is a local one, whatever file system the cluster calls its default.
    return new Location(hasScheme(path) ? path : local(path)).withoutTrailingSlash();
  }

  private static String local(String path) {
    try {
      return new File(path).toPath().toAbsolutePath().normalize().toUri().getPath();
    } catch (InvalidPathException e) {
      throw new UserException(
          "Cannot use path %s: %s. Rename it, or run with a locale that has its characters (LC_ALL=C.UTF-8)."
              .formatted(path, e.getReason()),
          e);
    }
  }

  private static boolean hasScheme(String path) {
    // Names of files may have colons and line breaks.
    return path.matches("(?s)[A-Za-z][A-Za-z0-9+.-]+:/.*");
  }

  /**
   * A folder is named without a slash at its end, but the root of a file system is nothing else.
   */
  private Location withoutTrailingSlash() {
    if (uri.matches("[A-Za-z][A-Za-z0-9+.-]+:(//[^/]*)?/?")) {
      return uri.endsWith("/") ? this : new Location(uri + "/");
    }
    return uri.length() > 1 && uri.endsWith("/")
        ? new Location(uri.substring(0, uri.length() - 1))
        : this;
  }

  /** What a path means to Spark and Hadoop: without a scheme, one of their default file system. */
  public static Location onDefaultFileSystem(String path) {
    return of(path)
        .attempt(
            "look at",
            (files, unused) -> {
              Path hadoops = new Path(path);
              return of(hadoops.getFileSystem(configuration()).makeQualified(hadoops).toString());
            });
  }

  /** With its scheme, for those who would take a plain path for one of another file system. */
  public String qualified() {
    return uri.startsWith("/") ? "file://" + uri : uri;
  }

  public Location child(String name) {
    return new Location(uri.endsWith("/") ? uri + name : uri + "/" + name);
  }

  /** What a path means that is told in this folder: where it begins at a root, that. */
  public Location resolve(String path) {
    return path.startsWith("/") || hasScheme(path) ? of(path) : child(path);
  }

  public String name() {
    return uri.substring(uri.lastIndexOf('/') + 1);
  }

  public boolean exists() {
    return attempt("look at", FileSystem::exists);
  }

  public boolean isFolder() {
    return attempt(
        "look at", (files, path) -> files.exists(path) && files.getFileStatus(path).isDirectory());
  }

  /** This file as a folder would list it. */
  public Entry entry() {
    return attempt(
        "look at",
        (files, path) -> {
          FileStatus status = files.getFileStatus(path);
          return new Entry(
              this,
              status.isDirectory(),
              status.isDirectory() ? 0 : status.getLen(),
              status.getModificationTime());
        });
  }

  public long length() {
    return attempt("look at", (files, path) -> files.getFileStatus(path).getLen());
  }

  /** The entries of this folder by name; hidden ones (a leading dot or underscore) are left out. */
  public List<Entry> list() {
    return list(false);
  }

  /**
   * The entries of this folder by name.
   *
   * @param hidden whether those with a leading dot or underscore are among them
   */
  public List<Entry> list(boolean hidden) {
    return list(hidden, entry -> true);
  }

  /**
   * Some entries of this folder by name; of a large folder only these are held.
   *
   * @param hidden whether those with a leading dot or underscore are among them
   */
  public List<Entry> list(boolean hidden, Predicate<Entry> wanted) {
    return attempt(
        "list",
        (files, path) -> {
          List<Entry> entries = new ArrayList<>();
          for (RemoteIterator<FileStatus> all = files.listStatusIterator(path); all.hasNext(); ) {
            FileStatus status = all.next();
            String name = status.getPath().getName();
            Entry entry =
                new Entry(
                    child(name),
                    status.isDirectory(),
                    status.isDirectory() ? 0 : status.getLen(),
                    status.getModificationTime());
            if ((hidden || !name.startsWith(".") && !name.startsWith("_")) && wanted.test(entry)) {
              entries.add(entry);
            }
          }
          entries.sort(Comparator.comparing(Entry::name));
          return entries;
        });
  }

  /** Every file below this folder, in order of path, without hidden ones (a leading dot). */
  public List<Entry> listFilesBelow() {
    return listFilesBelow(false);
  }

  /**
   * Every file below this folder, in order of path.
   *
   * @param hidden whether those with a leading dot, or below such a folder, are among them
   */
  public List<Entry> listFilesBelow(boolean hidden) {
    return attempt(
        "list",
        (files, path) -> {
          String root = files.makeQualified(path).toUri().getPath();
          List<Entry> entries = new ArrayList<>();
          for (RemoteIterator<LocatedFileStatus> all = files.listFiles(path, true);
              all.hasNext(); ) {
            LocatedFileStatus status = all.next();
            String below =
                status
                    .getPath()
                    .toUri()
                    .getPath()
                    .substring(root.equals("/") ? 1 : root.length() + 1);
            if (hidden || Arrays.stream(below.split("/")).noneMatch(p -> p.startsWith("."))) {
              entries.add(
                  new Entry(child(below), false, status.getLen(), status.getModificationTime()));
            }
          }
          entries.sort(Comparator.comparing(entry -> entry.location().uri()));
          return entries;
        });
  }

  /** Where it is on this machine's file system, if it is on that. */
  public Optional<java.nio.file.Path> localPath() {
    return attempt(
        "look at",
        (files, path) ->
            files instanceof RawLocalFileSystem local
                ? Optional.of(local.pathToFile(path).toPath())
                : Optional.empty());
  }

  public InputStream open() {
    return attempt("read", FileSystem::open);
  }

  /**
   * A stretch of this file, to be read forwards. A short skip reads through what it skips, as a
   * seek would cost an object store a request; a long one seeks.
   */
  public InputStream open(long offset, long length) {
    return attempt("read", (files, path) -> ForwardInput.of(files.open(path), offset, length));
  }

  /** Fills {@code target} from {@code offset}. */
  public void readFully(long offset, byte[] target) {
    attempt(
        "read",
        (files, path) -> {
          try (FSDataInputStream in = files.open(path)) {
            in.readFully(offset, target);
          }
          return null;
        });
  }

  public byte[] readBytes() {
    try (InputStream in = open()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw failure("read", e);
    }
  }

  public String readText() {
    return new String(readBytes(), StandardCharsets.UTF_8);
  }

  /**
   * Writes a file that is there whole or not at all. File systems get it under a name of its own
   * first, which is then renamed; an object store shows what is written once it is closed.
   */
  public void write(Content content) {
    attempt(
        "write",
        (files, path) -> {
          if (isObjectStore(files)) {
            writeObject(files, path, content);
          } else {
            writeAndRename(files, path, content);
          }
          return null;
        });
  }

  private static void writeObject(FileSystem files, Path path, Content content) throws IOException {
    FSDataOutputStream out = files.create(path, true);
    boolean whole = false;
    try {
      content.writeTo(CloseShieldOutputStream.wrap(out));
      whole = true;
    } finally {
      if (!whole && out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
        // Closing would show what is there so far.
        var unused = out.abort();
      } else {
        out.close();
        if (!whole) {
          files.delete(path, false);
        }
      }
    }
  }

  private void writeAndRename(FileSystem files, Path path, Content content) throws IOException {
    Path temporary = new Path(partial().uri);
    files.mkdirs(new Path(parent().uri));
    boolean renamed = false;
    try {
      try (OutputStream out = files.create(temporary, true)) {
        content.writeTo(out);
      }
      replace(files, temporary, path);
      renamed = true;
    } finally {
      if (!renamed) {
        files.delete(temporary, false);
      }
    }
  }

  /** Where a rename copies and is not atomic, but a file is seen when it is closed. */
  private static boolean isObjectStore(FileSystem files) {
    return OBJECT_STORES.contains(files.getUri().getScheme());
  }

  /** Whether it is what a write that was killed has left. */
  private boolean isPartial() {
    return name().matches("\\..*\\.partial");
  }

  /**
   * Removes what writes that were killed have left in this folder and below.
   *
   * @param age of those that nobody writes any more
   */
  public void deletePartials(Duration age) {
    long newest = System.currentTimeMillis() - age.toMillis();
    listFilesBelow(true).stream()
        .filter(file -> file.location().isPartial() && file.modified() <= newest)
        .forEach(file -> file.location().delete());
  }

  private Location partial() {
    return parent()
        .child(".%s.%s.partial".formatted(name(), UUID.randomUUID().toString().substring(0, 13)));
  }

  /** Never without one of the two: a reader, or a kill, finds a whole file. */
  private static void replace(FileSystem files, Path temporary, Path path) throws IOException {
    if (files instanceof RawLocalFileSystem) {
      if (!files.rename(temporary, path)) {
        throw new IOException("the file system refused the rename from " + temporary);
      }
      return;
    }
    try {
      FileContext.getFileContext(files.getUri(), files.getConf())
          .rename(temporary, path, Options.Rename.OVERWRITE);
    } catch (UnsupportedFileSystemException e) {
      // It has no rename that replaces.
      files.delete(path, false);
      if (!files.rename(temporary, path)) {
        throw new IOException("the file system refused the rename from " + temporary, e);
      }
    }
  }

  public void writeBytes(byte[] bytes) {
    write(out -> out.write(bytes));
  }

  public void writeText(String text) {
    writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a file that does not exist yet, whole or not at all; of several who try at once one
   * succeeds (on local file systems and HDFS; S3 has no way to tell).
   *
   * @return false where there is one
   */
  public boolean create(String text) {
    return attempt(
        "write",
        (files, path) -> {
          if (!isObjectStore(files)) {
            return createByRename(files, path, text);
          }
          try (OutputStream out = files.create(path, false)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            return true;
          } catch (FileAlreadyExistsException e) {
            return false;
          }
        });
  }

  private boolean createByRename(FileSystem files, Path path, String text) throws IOException {
    Location partial = partial();
    partial.writeText(text);
    try {
      Path temporary = new Path(partial.uri);
      if (files instanceof RawLocalFileSystem local) {
        return link(local.pathToFile(temporary), local.pathToFile(path));
      }
      try {
        FileContext.getFileContext(files.getUri(), files.getConf()).rename(temporary, path);
        return true;
      } catch (UnsupportedFileSystemException e) {
        return !files.exists(path) && files.rename(temporary, path);
      }
    } catch (FileAlreadyExistsException e) {
      return false;
    } finally {
      partial.delete();
    }
  }

  /** A second name is given where a rename would replace what is there. */
  private static boolean link(File temporary, File target) throws IOException {
    try {
      Files.createLink(target.toPath(), temporary.toPath());
      return true;
    } catch (java.nio.file.FileAlreadyExistsException e) {
      return false;
    }
  }

  /** Removes this file or folder with all that is in it; nothing where it does not exist. */
  public void delete() {
    attempt("delete", (files, path) -> files.delete(path, true));
  }

  /** What stands in the way of writing into this folder, made if missing. */
  public List<String> problemsWithWriting() {
    Location probe = child(".convoy-write-probe-" + Long.toHexString(System.nanoTime()));
    try {
      probe.writeBytes(new byte[0]);
      probe.delete();
      return List.of();
    } catch (UserException e) {
      return List.of(
          "Cannot write into %s: %s. Choose a folder that this user may write to."
              .formatted(uri, reason(e.getCause() == null ? e : e.getCause())));
    }
  }

  /** The folder that this is in. */
  public Location parent() {
    int slash = uri.lastIndexOf('/');
    return new Location(slash <= 0 ? "/" : uri.substring(0, slash)).withoutTrailingSlash();
  }

  private <T> T attempt(String verb, Operation<T> operation) {
    try {
      Path path = new Path(uri.startsWith("/") ? "file://" + uri : uri);
      FileSystem files = path.getFileSystem(configuration());
      if (files instanceof LocalFileSystem local) {
        // Hadoop's checksum files beside each file would surprise everyone else who reads the
        // folder.
        files = local.getRaw();
      }
      return operation.on(files, path);
    } catch (IOException | UncheckedIOException e) {
      throw failure(verb, e);
    } catch (IllegalArgumentException e) {
      throw new UserException(
          "Cannot %s %s: %s. Check the path.".formatted(verb, uri, e.getMessage()), e);
    }
  }

  private UserException failure(String verb, Exception e) {
    return new UserException(
        "Cannot %s %s: %s. Check the path and its permissions.".formatted(verb, uri, reason(e)), e);
  }

  private static String reason(Throwable e) {
    if (e instanceof FileNotFoundException
            && String.valueOf(e.getMessage()).contains("Permission denied")
        || e instanceof AccessControlException) {
      return "permission denied";
    }
    if (e instanceof FileNotFoundException) {
      return "it does not exist";
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
  }

  /** Hadoop's own files, with the {@link HadoopSettings} of those who have some. */
  private static Configuration configuration() {
    Object source = OTHER_SETTINGS.source();
    Settings known = settings;
    if (known == null || !known.source.equals(source)) {
      Configuration configuration = new Configuration();
      OTHER_SETTINGS.all().forEach(configuration::set);
      known = new Settings(source, configuration);
      settings = known;
    }
    return known.configuration;
  }

  @Override
  public String toString() {
    return uri;
  }
}
