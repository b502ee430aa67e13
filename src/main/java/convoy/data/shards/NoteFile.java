package convoy.data.shards;

import convoy.core.Location;
import convoy.core.Secrets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** A list of pictures for people, a row each: {@code rejected.tsv}, {@code skipped.tsv}. */
final class NoteFile {
  static final String REJECTED = "rejected.tsv";
  static final String SKIPPED = "skipped.tsv";
  static final String DUPLICATES = "duplicates.tsv";

  private NoteFile() {}

  static String row(String... cells) {
    StringBuilder row = new StringBuilder();
    for (String cell : cells) {
      row.append(row.isEmpty() ? "" : "\t")
          .append(Secrets.blanked(cell).replaceAll("[\\t\\r\\n]", " "));
    }
    return row.append('\n').toString();
  }

  /** Gives out rows, one after the other. */
  @FunctionalInterface
  interface Rows {
    void forEach(Consumer<String> row);
  }

  static void write(Location file, String header, Rows rows) {
    file.write(
        out -> {
          out.write((header + "\n").getBytes(StandardCharsets.UTF_8));
          rows.forEach(
              row -> {
                try {
                  out.write(row.getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
        });
  }
}
