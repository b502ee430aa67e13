package convoy.ml;

import convoy.data.pictures.BrokenPictureException;
import convoy.data.pictures.Picture;
import convoy.data.pictures.PictureDecoder;
import convoy.data.pictures.PictureEncoder;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Pictures of a DataFrame: encoded bytes, or the structs of Spark's {@code image} source. */
enum PictureColumn implements Serializable {
  /** Files of any format that Convoy reads. */
  BYTES,
  /** Samples, blue first, of 8 bits. */
  IMAGE;

  private static final int GRAY = 1;
  private static final int COLOUR = 3;
  private static final int WITH_ALPHA = 4;

  /**
   * @throws IllegalArgumentException if the column has no pictures, as Spark's stages do
   */
  static PictureColumn of(StructType schema, String column) {
    if (!List.of(schema.fieldNames()).contains(column)) {
      throw new IllegalArgumentException(
          "%s does not exist. Available: %s"
              .formatted(column, String.join(", ", schema.fieldNames())));
    }
    DataType type = schema.apply(column).dataType();
    if (type.equals(DataTypes.BinaryType)) {
      return BYTES;
    }
    if (type instanceof StructType struct
        && List.of(struct.fieldNames())
            .containsAll(List.of(ImageSchema.columnSchema().fieldNames()))) {
      return IMAGE;
    }
    throw new IllegalArgumentException(
        "Column %s is of type %s. It must hold bytes of picture files, as spark.read().format(\"binaryFile\") gives in column content, or pictures of spark.read().format(\"image\")."
            .formatted(column, type.catalogString()));
  }

  /**
   * @param value of the column; null is a broken one
   */
  Picture picture(Object value) throws BrokenPictureException {
    if (value == null) {
      throw new BrokenPictureException("is null");
    }
    return this == BYTES ? PictureDecoder.decode((byte[]) value) : samples((Row) value);
  }

  /** As a picture file. */
  byte[] file(Object value) throws BrokenPictureException {
    return this == BYTES && value != null ? (byte[]) value : PictureEncoder.png(picture(value));
  }

  private static Picture samples(Row image) throws BrokenPictureException {
    int height = image.<Integer>getAs("height");
    int width = image.<Integer>getAs("width");
    int channels = image.<Integer>getAs("nChannels");
    byte[] data = image.getAs("data");
    boolean known = channels == GRAY || channels == COLOUR || channels == WITH_ALPHA;
    if (!known || data.length != (long) height * width * channels || data.length == 0) {
      throw new BrokenPictureException(
          "has %d bytes for %d x %d pixels of %d channels"
              .formatted(data.length, height, width, channels));
    }
    if (channels == GRAY) {
      return new Picture(height, width, GRAY, data);
    }
    byte[] rgb = new byte[height * width * COLOUR];
    for (int i = 0; i < height * width; i++) {
      int alpha = channels == WITH_ALPHA ? data[i * channels + COLOUR] & 0xFF : 255;
      for (int c = 0; c < COLOUR; c++) {
        int sample = data[i * channels + COLOUR - 1 - c] & 0xFF;
        // On white where it is transparent, as files are.
        rgb[i * COLOUR + c] = (byte) ((sample * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
    return new Picture(height, width, COLOUR, rgb);
  }
}
