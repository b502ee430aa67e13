package convoy.data.sources;

import convoy.core.Digests;
import convoy.core.Location;
import convoy.core.Tables;
import convoy.core.UserException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The pictures that a table names, in its order. Its marks are numbers of rows. */
record ListPart(Location table, Location root) implements SourcePart {

  @Override
  public String name() {
    return table.uri();
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public String state() {
    return Digests.sha256(table.readBytes());
  }

  @Override
  public PartReader open(long from, Consumer<Skipped> skipped) {
    Reader reader = new Reader();
    for (long row = 0; row < from; row++) {
      reader.pass();
    }
    return reader;
  }

  private final class Reader implements PartReader {
    private final Tables.Rows rows = Tables.open(table);
    private long row;
    private Location current;

    private Optional<Map<String, String>> pass() {
      row++;
      return rows.next();
    }

    @Override
    public Optional<SourcePicture> next() {
      Optional<Map<String, String>> values = pass();
      if (values.isEmpty()) {
        row--;
        return Optional.empty();
      }
      String path = value(values.get(), "path");
      boolean whole = path.startsWith("/") || path.matches("[A-Za-z][A-Za-z0-9+.-]+:.*");
      current = whole ? Location.of(path) : root.child(path);
      return Optional.of(
          new SourcePicture(
              SplitName.spelled(values.get().getOrDefault("split", "")),
              value(values.get(), "class"),
              values.get().getOrDefault("group", ""),
              path,
              current.uri(),
              0,
              Optional.empty()));
    }

    private String value(Map<String, String> values, String column) {
      String value = values.get(column);
      if (value == null || value.isBlank()) {
        throw new UserException(
            "Cannot read list %s: row %d has no %s. It needs columns path and class."
                .formatted(table, row, column));
      }
      return value;
    }

    @Override
    public byte[] content() throws IOException {
      return FoundPictures.read(current, 0);
    }

    @Override
    public long mark() {
      return row;
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }
}
