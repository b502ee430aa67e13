package convoy.data.sources;

import convoy.core.Location;
import convoy.core.Tables;
import convoy.core.UserException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The pictures that a table names, in its order. */
record ListPart(Location table, Location root) implements LoosePart {

  @Override
  public String name() {
    return table.uri();
  }

  @Override
  public Location file(String name) {
    return root.resolve(name);
  }

  @Override
  public PartReader open(Consumer<Skipped> skipped) {
    return new Reader();
  }

  private final class Reader extends LooseReader {
    private final Tables.Rows rows = Tables.open(table);
    private long row;

    @Override
    Optional<SourcePicture> find() {
      row++;
      Optional<Map<String, String>> values = rows.next();
      return values.map(this::picture);
    }

    private SourcePicture picture(Map<String, String> values) {
      String path = value(values, "path");
      return new SourcePicture(
          SplitName.spelled(values.getOrDefault("split", "")),
          value(values, "class"),
          values.getOrDefault("group", ""),
          path,
          file(path).uri(),
          SourcePicture.UNKNOWN,
          0,
          Optional.empty());
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
    public void close() throws IOException {
      rows.close();
    }
  }
}
