package convoy.ml;

import convoy.cluster.SparkContexts;
import convoy.core.UserException;
import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.evaluate.Member;
import convoy.evaluate.PictureScorer;
import convoy.network.Backend;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The rows of a partition with what networks say about their pictures appended, a minibatch at a
 * time.
 */
final class PictureRows implements Iterator<Row> {
  /** Of one minibatch. */
  static final Duration DEADLINE = Duration.ofHours(1);

  /** What is done with a row whose picture cannot be decoded. */
  enum Invalid {
    /** The job fails and names it. */
    ERROR,
    /** It is left out. */
    SKIP,
    /** It stays, with nulls appended. */
    KEEP
  }

  /**
   * Where pictures are and how they are taken.
   *
   * @param index of the column
   * @param appended columns
   */
  record Plan(PictureColumn column, int index, int appended, int minibatch, Invalid invalid)
      implements Serializable {}

  /** Values to append to each picture's row. */
  @FunctionalInterface
  interface Answers extends Serializable {
    List<Object[]> of(PictureScorer scorer, List<Picture> pictures);
  }

  private final Iterator<Row> rows;
  private final Plan plan;
  private final PictureScorer scorer;
  private final Answers answers;
  private final Deque<Row> ready = new ArrayDeque<>();

  PictureRows(Iterator<Row> rows, Plan plan, PictureScorer scorer, Answers answers) {
    this.rows = rows;
    this.plan = plan;
    this.scorer = scorer;
    this.answers = answers;
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && rows.hasNext()) {
      fill();
    }
    return !ready.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException("The partition has no more rows");
    }
    return ready.remove();
  }

  private void fill() {
    List<Row> taken = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    List<Picture> pictures = new ArrayList<>();
    while (rows.hasNext() && pictures.size() < plan.minibatch) {
      Row row = rows.next();
      try {
        pictures.add(plan.column.picture(row.get(plan.index)));
        places.add(pictures.size() - 1);
        taken.add(row);
      } catch (BrokenPictureException e) {
        if (plan.invalid == Invalid.ERROR) {
          throw new UserException(
              "Cannot use the picture of row %s: it %s. Set handleInvalid to skip or keep."
                  .formatted(brief(row), e.getMessage()),
              e);
        }
        if (plan.invalid == Invalid.KEEP) {
          places.add(-1);
          taken.add(row);
        }
      }
    }
    List<Object[]> values = pictures.isEmpty() ? List.of() : answers.of(scorer, pictures);
    for (int i = 0; i < taken.size(); i++) {
      int place = places.get(i);
      ready.add(joined(taken.get(i), place < 0 ? new Object[plan.appended] : values.get(place)));
    }
  }

  /** What tasks need. */
  private record Asked(Member member, Backend backend, Plan plan, Answers answers)
      implements Serializable {}

  /**
   * A table with columns appended. Spark's row encoder forgets what columns say of themselves, such
   * as the names of classes; it is put back.
   *
   * @param result the table's schema and the columns
   * @param answers of the member
   */
  static Dataset<Row> append(
      Dataset<?> table,
      StructType result,
      Member member,
      Backend backend,
      Plan plan,
      Answers answers) {
    Broadcast<Asked> shared =
        SparkContexts.of(table.sparkSession()).broadcast(new Asked(member, backend, plan, answers));
    MapPartitionsFunction<Row, Row> work =
        rows -> {
          Asked asked = shared.value();
          PictureScorer scorer = new PictureScorer(List.of(asked.member), asked.backend, DEADLINE);
          TaskContext.get()
              .addTaskCompletionListener((TaskCompletionListener) context -> scorer.close());
          return new PictureRows(rows, asked.plan, scorer, asked.answers);
        };
    Dataset<Row> appended = table.toDF().mapPartitions(work, Encoders.row(result));
    for (StructField field : result.fields()) {
      if (!field.metadata().equals(Metadata.empty())) {
        appended = appended.withMetadata(field.name(), field.metadata());
      }
    }
    return appended;
  }

  /** A schema with one more column, refused where it has that already. */
  static StructType with(StructType schema, StructField field) {
    if (List.of(schema.fieldNames()).contains(field.name())) {
      throw new IllegalArgumentException(
          "Output column %s already exists.".formatted(field.name()));
    }
    return schema.add(field);
  }

  static Vector vector(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return Vectors.dense(wide);
  }

  /** Its plain values, without the picture. */
  private static String brief(Row row) {
    List<Object> plain = new ArrayList<>();
    for (int i = 0; i < row.size(); i++) {
      if (row.get(i) instanceof String || row.get(i) instanceof Number) {
        plain.add(row.get(i));
      }
    }
    return plain.toString();
  }

  private static Row joined(Row row, Object[] more) {
    Object[] values = new Object[row.size() + more.length];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    System.arraycopy(more, 0, values, row.size(), more.length);
    return RowFactory.create(values);
  }
}
