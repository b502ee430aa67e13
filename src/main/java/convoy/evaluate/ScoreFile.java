package convoy.evaluate;

import convoy.core.Location;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * What members said about a stretch of a split, as a Parquet file: {@code example}, {@code name},
 * {@code label}, and for each member a list of the classes' probabilities. Ensembles are made of it
 * without asking again.
 */
final class ScoreFile {
  private static final String EXAMPLE = "example";
  private static final String NAME = "name";
  private static final String LABEL = "label";

  /** Names that members cannot have. */
  static final List<String> OWN_COLUMNS = List.of(EXAMPLE, NAME, LABEL);

  private ScoreFile() {}

  /**
   * One example's.
   *
   * @param probabilities of each member, one value a class
   */
  record Row(int example, String name, int label, List<float[]> probabilities) {}

  private static MessageType schema(List<String> members) {
    Types.GroupBuilder<MessageType> schema =
        Types.buildMessage()
            .required(PrimitiveTypeName.INT32)
            .named(EXAMPLE)
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named(NAME)
            .required(PrimitiveTypeName.INT32)
            .named(LABEL);
    for (String member : members) {
      schema = schema.repeated(PrimitiveTypeName.FLOAT).named(member);
    }
    return schema.named("scores");
  }

  /** Writes a file, whole or not at all. */
  static void write(Location file, List<String> members, List<Row> rows) {
    MessageType schema = schema(members);
    file.write(
        out -> {
          try (ParquetWriter<Group> writer =
              ExampleParquetWriter.builder(new Stream(out))
                  .withType(schema)
                  .withCompressionCodec(CompressionCodecName.SNAPPY)
                  .build()) {
            for (Row row : rows) {
              writer.write(group(schema, members, row));
            }
          }
        });
  }

  private static Group group(MessageType schema, List<String> members, Row row) {
    SimpleGroup group = new SimpleGroup(schema);
    group.add(EXAMPLE, row.example);
    group.add(NAME, row.name);
    group.add(LABEL, row.label);
    for (int m = 0; m < members.size(); m++) {
      for (float probability : row.probabilities.get(m)) {
        group.add(members.get(m), probability);
      }
    }
    return group;
  }

  /** Reads a file. */
  static List<Row> read(Location file, List<String> members) {
    try (ParquetReader<Group> reader = new Builder(file).build()) {
      List<Row> rows = new ArrayList<>();
      for (Group group = reader.read(); group != null; group = reader.read()) {
        Group one = group;
        rows.add(
            new Row(
                one.getInteger(EXAMPLE, 0),
                one.getString(NAME, 0),
                one.getInteger(LABEL, 0),
                members.stream().map(member -> probabilities(one, member)).toList()));
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read scores " + file, e);
    }
  }

  private static float[] probabilities(Group group, String member) {
    float[] values = new float[group.getFieldRepetitionCount(member)];
    IntStream.range(0, values.length).forEach(c -> values[c] = group.getFloat(member, c));
    return values;
  }

  private static final class Builder extends ParquetReader.Builder<Group> {
    Builder(Location file) {
      super(new Bytes(file.readBytes()));
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }

  /** A file that is read whole: all of its rows are wanted. */
  private record Bytes(byte[] bytes) implements InputFile {
    @Override
    public long getLength() {
      return bytes.length;
    }

    @Override
    public SeekableInputStream newStream() {
      ByteArrayInputStream in = new ByteArrayInputStream(bytes);
      return new DelegatingSeekableInputStream(in) {
        @Override
        public long getPos() {
          return (long) bytes.length - in.available();
        }

        @Override
        public void seek(long position) throws IOException {
          in.reset();
          in.skipNBytes(position);
        }
      };
    }
  }

  /** A stream that Parquet writes to; it asks where it is. */
  private record Stream(OutputStream out) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSize) {
      return new PositionOutputStream() {
        private long position;

        @Override
        public long getPos() {
          return position;
        }

        @Override
        public void write(int value) throws IOException {
          out.write(value);
          position++;
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
          out.write(bytes, from, length);
          position += length;
        }
      };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSize) {
      return create(blockSize);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }
}
