package convoy.job;

import static org.apache.spark.sql.functions.col;

import convoy.cluster.ClusterJob;
import convoy.core.Digests;
import convoy.core.Location;
import convoy.core.Progress;
import convoy.core.RunFolder;
import convoy.core.UserException;
import convoy.data.reading.PictureListing;
import convoy.data.reading.PictureReference;
import convoy.data.reading.ReferenceReader;
import convoy.evaluate.Labeller;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The labelling of pictures on the cluster: in parts, each of which is there whole or not at all,
 * so that a run that is stopped goes on; then all parts as one table.
 */
final class Labelling {
  private static final int ROWS_PER_FILE = 1_000_000;
  private static final String TABLE = ".parquet";

  /**
   * What came of it.
   *
   * @param now labelled or rejected by this run, not by one before
   */
  record Counts(long labelled, long rejected, long now) {}

  private final JavaSparkContext spark;
  private final SparkSession session;
  private final Labeller labeller;
  private final Broadcast<Labeller> shared;
  private final RunFolder run;

  Labelling(JavaSparkContext spark, Labeller labeller, RunFolder run) {
    this.spark = spark;
    this.session = SparkSession.builder().config(spark.getConf()).getOrCreate();
    this.labeller = labeller;
    this.shared = spark.broadcast(labeller);
    this.run = run;
  }

  /** Whether a path is a Parquet file, or a folder of such. */
  static boolean isTable(Location path) {
    return path.name().endsWith(TABLE)
        || path.isFolder() && path.list().stream().anyMatch(file -> file.name().endsWith(TABLE));
  }

  private Location parts() {
    return run.file("parts");
  }

  private static Location part(Location parts, int number) {
    return parts.child("part-%05d.json".formatted(number));
  }

  private List<Integer> missing(int parts) {
    return IntStream.range(0, parts).filter(i -> !part(parts(), i).exists()).boxed().toList();
  }

  /** Files, members of tars, or a data set's examples. */
  Counts pictures(PredictJob.Source source, int partPictures) {
    List<PictureReference> all = PictureListing.of(Location.of(source.path()), source.split());
    run.requireSame("pictures.sha256", digest(all), "set of pictures");
    int count = (all.size() + partPictures - 1) / partPictures;
    List<Part> work = new ArrayList<>();
    for (int i : missing(count)) {
      int end = Math.min(all.size(), (i + 1) * partPictures);
      work.add(new Part(part(parts(), i), List.copyOf(all.subList(i * partPictures, end))));
    }
    long before = all.size() - work.stream().mapToLong(part -> part.pictures().size()).sum();
    Broadcast<Labeller> asked = shared;
    try (Progress progress = Progress.of("predict", "images", all.size())) {
      progress.moveTo(before, "");
      long now =
          work.isEmpty()
              ? 0
              : run(
                  spark.parallelize(work, work.size()).map(part -> part.run(asked.value())),
                  done ->
                      progress.moveTo(
                          Math.min(all.size(), before + (long) done * partPictures), ""));
      progress.moveTo(all.size(), "");
      return counts(now);
    }
  }

  /** Pictures that the tasks have labelled or rejected. */
  private long run(JavaRDD<Long> work, IntConsumer tasksDone) {
    return ClusterJob.collect(spark, work, "the predictions", labeller.deadline(), tasksDone)
        .stream()
        .mapToLong(n -> n)
        .sum();
  }

  /** Some pictures of a listing. */
  private record Part(Location file, List<PictureReference> pictures) implements Serializable {
    long run(Labeller labeller) {
      try (ReferenceReader reader = new ReferenceReader()) {
        return labeller.label(
            file,
            pictures.stream()
                .map(p -> new Labeller.Named(p.name(), p.file(), reader.read(p)))
                .iterator());
      }
    }
  }

  private static String digest(List<PictureReference> pictures) {
    var digest = Digests.sha256();
    pictures.forEach(
        p ->
            digest.update(
                "%s %d %d\n"
                    .formatted(p.file(), p.offset(), p.length())
                    .getBytes(StandardCharsets.UTF_8)));
    return Digests.hex(digest.digest());
  }

  /** Rows of a Parquet table, a part for each of Spark's. */
  Counts table(PredictJob.Source source) {
    Dataset<Row> table = session.read().parquet(Location.of(source.path()).qualified());
    String column = column(table.schema(), source);
    boolean isPath = table.schema().apply(column).dataType().equals(DataTypes.StringType);
    Optional<String> name = nameColumn(table.schema(), source, column);
    Dataset<Row> wanted =
        name.map(n -> table.select(col(column), col(n))).orElse(table.select(col(column)));
    JavaRDD<Row> rows = wanted.toJavaRDD();
    run.requireSame(
        "pictures.sha256",
        Digests.sha256(rows.getNumPartitions() + Arrays.toString(table.inputFiles())),
        "table");
    List<Integer> missing = missing(rows.getNumPartitions());
    boolean isNamed = name.isPresent();
    Location parts = parts();
    Broadcast<Labeller> asked = shared;
    JavaRDD<Long> work =
        rows.mapPartitionsWithIndex(
            (i, some) ->
                missing.contains(i)
                    ? List.of(
                            asked
                                .value()
                                .label(part(parts, i), new TableRows(some, i, isPath, isNamed)))
                        .iterator()
                    : List.<Long>of().iterator(),
            false);
    try (Progress progress = Progress.of("predict", "parts", rows.getNumPartitions())) {
      progress.moveTo(rows.getNumPartitions() - missing.size(), "");
      long now = missing.isEmpty() ? 0 : run(work, done -> progress.moveTo(done, ""));
      progress.moveTo(rows.getNumPartitions(), "");
      return counts(now);
    }
  }

  /** The column with pictures: the one that was named, or the only one that can be. */
  private static String column(StructType schema, PredictJob.Source source) {
    List<String> fit =
        Arrays.stream(schema.fields())
            .filter(
                field ->
                    source.column().isPresent()
                        ? field.name().equals(source.column().get())
                        : field.dataType().equals(DataTypes.BinaryType)
                            || field.name().equals("path")
                                && Arrays.stream(schema.fields())
                                    .noneMatch(f -> f.dataType().equals(DataTypes.BinaryType)))
            .filter(
                field ->
                    field.dataType().equals(DataTypes.BinaryType)
                        || field.dataType().equals(DataTypes.StringType))
            .map(StructField::name)
            .toList();
    if (fit.size() != 1) {
      throw new UserException(
          "Cannot tell which column of %s has pictures: %s. Set source.column to one of bytes or of paths; it has %s."
              .formatted(
                  source.path(),
                  fit.isEmpty() ? "none does" : fit + " do",
                  Arrays.toString(schema.fieldNames())));
    }
    return fit.get(0);
  }

  private static Optional<String> nameColumn(
      StructType schema, PredictJob.Source source, String column) {
    List<String> names = List.of(schema.fieldNames());
    if (source.nameColumn().filter(n -> !names.contains(n)).isPresent()) {
      throw new UserException(
          "Cannot name pictures of %s by %s: there is no such column. Set source.name-column to one of %s."
              .formatted(source.path(), source.nameColumn().get(), names));
    }
    return source
        .nameColumn()
        .or(() -> Optional.of("path").filter(names::contains).filter(n -> !n.equals(column)));
  }

  /** Pictures of a table's rows, read when it is their turn. */
  private static final class TableRows implements Iterator<Labeller.Named> {
    private final Iterator<Row> rows;
    private final int part;
    private final boolean isPath;
    private final boolean isNamed;
    private long row;

    TableRows(Iterator<Row> rows, int part, boolean isPath, boolean isNamed) {
      this.rows = rows;
      this.part = part;
      this.isPath = isPath;
      this.isNamed = isNamed;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Labeller.Named next() {
      Row next = rows.next();
      String name =
          isNamed
              ? String.valueOf(next.get(1))
              : isPath ? next.getString(0) : "part %d, row %d".formatted(part, row);
      row++;
      if (next.isNullAt(0)) {
        return new Labeller.Named(name, "", new byte[0]);
      }
      return isPath
          ? new Labeller.Named(name, next.getString(0), Location.of(next.getString(0)).readBytes())
          : new Labeller.Named(name, "", next.getAs(0));
    }
  }

  private Dataset<Row> rows() {
    StructType schema = new StructType().add(Labeller.NAME, "string").add(Labeller.FILE, "string");
    for (int place = 1; place <= labeller.top(); place++) {
      schema =
          schema
              .add(Labeller.classKey(place), "string")
              .add(Labeller.probabilityKey(place), "double");
    }
    return session.read().schema(schema.add(Labeller.REASON, "string")).json(parts().qualified());
  }

  private Counts counts(long now) {
    Dataset<Row> all = rows();
    long rejected = all.filter(col(Labeller.REASON).isNotNull()).count();
    return new Counts(all.count() - rejected, rejected, now);
  }

  /** All parts as one table, and what could not be labelled beside it. */
  void write(String format) {
    Dataset<Row> all = rows();
    Dataset<Row> labelled = all.filter(col(Labeller.REASON).isNull()).drop(Labeller.REASON);
    int files = (int) (labelled.count() / ROWS_PER_FILE) + 1;
    labelled
        .coalesce(files)
        .write()
        .mode(SaveMode.Overwrite)
        .format(format)
        .option("header", true)
        .save(run.file("predictions").qualified());
    StringBuilder rejected = new StringBuilder("name\tfile\treason\n");
    for (Row row :
        all.filter(col(Labeller.REASON).isNotNull())
            .select(Labeller.NAME, Labeller.FILE, Labeller.REASON)
            .collectAsList()) {
      rejected.append("%s\t%s\t%s\n".formatted(row.get(0), row.get(1), row.get(2)));
    }
    run.file("rejected.tsv").writeText(rejected.toString());
  }
}
