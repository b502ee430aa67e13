package convoy.core;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.RuntimeJsonMappingException;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tables as text: values separated by commas or tabs (RFC 4180), the names of columns first. */
public final class Tables {
  private static final CsvMapper CSV =
      CsvMapper.builder()
          .enable(CsvParser.Feature.TRIM_SPACES)
          .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
          .build();

  private Tables() {}

  /** Rows, one after the other. */
  public static final class Rows implements Closeable {
    private final Location file;
    private final MappingIterator<Map<String, String>> rows;

    private Rows(Location file, MappingIterator<Map<String, String>> rows) {
      this.file = file;
      this.rows = rows;
    }

    /** The next row, by names of columns. */
    public Optional<Map<String, String>> next() {
      try {
        return rows.hasNextValue() ? Optional.of(rows.nextValue()) : Optional.empty();
      } catch (IOException | RuntimeJsonMappingException e) {
        throw failure(file.uri(), e);
      }
    }

    @Override
    public void close() throws IOException {
      rows.close();
    }
  }

  /** The rows of a file, by tabs where its name ends in {@code .tsv}. */
  public static Rows open(Location file) {
    InputStream in = file.open();
    try {
      return new Rows(file, rows(file.name()).readValues(in));
    } catch (IOException e) {
      throw failure(file.uri(), e);
    }
  }

  /** All rows of a short table. */
  public static List<Map<String, String>> csv(String name, String text) {
    try (MappingIterator<Map<String, String>> rows =
        rows(name).readValues(new StringReader(text))) {
      return new ArrayList<>(rows.readAll());
    } catch (IOException | RuntimeJsonMappingException e) {
      throw failure(name, e);
    }
  }

  /** Writes a table, by commas. */
  public static void write(Location file, List<String> columns, Iterator<List<String>> rows) {
    CsvSchema.Builder schema = CsvSchema.builder().setUseHeader(true);
    columns.forEach(schema::addColumn);
    file.write(
        out -> {
          try (SequenceWriter writer =
              CSV.writer(schema.build())
                  .without(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
                  .writeValues(out)) {
            while (rows.hasNext()) {
              writer.write(rows.next());
            }
          }
        });
  }

  private static ObjectReader rows(String name) {
    CsvSchema schema =
        CsvSchema.emptySchema()
            .withHeader()
            .withColumnSeparator(name.endsWith(".tsv") ? '\t' : ',');
    return CSV.readerForMapOf(String.class).with(schema);
  }

  private static UserException failure(String name, Exception e) {
    return new UserException(
        "Cannot read table %s: %s. Check its header, separators and quotes."
            .formatted(name, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
        e);
  }
}
