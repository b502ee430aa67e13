package convoy.data.shards;

import convoy.core.Location;
import convoy.core.Tables;
import convoy.core.UserException;
import convoy.data.sources.ImageSource;
import convoy.data.sources.PictureList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** A list of pictures that is a Parquet table: Spark reads it, and tasks get it as text. */
final class ParquetList {
  private static final String KIND = ".parquet";
  private static final List<String> NEEDED = List.of("path", "class");
  private static final List<String> COLUMNS = List.of("path", "class", "split", "group");

  private ParquetList() {}

  /**
   * A source that tasks can read: the same one where it is no Parquet table.
   *
   * @param work folder for the text
   */
  static ImageSource readable(JavaSparkContext spark, ImageSource source, Location work) {
    if (!(source instanceof PictureList list) || !list.path().endsWith(KIND)) {
      return source;
    }
    Location table = Location.of(list.path());
    Location text = work.child("list.csv");
    write(spark, table, text);
    return new PictureList(
        text.uri(), Optional.of(list.root().orElse(table.parent().uri())), list.classNames());
  }

  private static void write(JavaSparkContext spark, Location table, Location text) {
    SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
    Dataset<Row> rows = session.read().parquet(table.qualified());
    List<String> there = Arrays.asList(rows.columns());
    if (!there.containsAll(NEEDED)) {
      throw new UserException(
          "Cannot read list %s: it has columns %s and needs path and class. Rename them."
              .formatted(table, there));
    }
    List<String> columns = COLUMNS.stream().filter(there::contains).toList();
    // Spark's own order of files depends on the cluster.
    Iterator<Row> inOrder =
        rows.select(
                columns.stream()
                    .map(name -> functions.col(name).cast("string"))
                    .toArray(Column[]::new))
            .orderBy(columns.stream().map(functions::col).toArray(Column[]::new))
            .toLocalIterator();
    Tables.write(text, columns, new TextRows(inOrder, columns.size()));
  }

  /** Rows as texts; empty ones for nulls. */
  private record TextRows(Iterator<Row> rows, int columns) implements Iterator<List<String>> {
    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public List<String> next() {
      Row row = rows.next();
      return IntStream.range(0, columns)
          .mapToObj(i -> row.isNullAt(i) ? "" : row.getString(i))
          .toList();
    }
  }
}
