package convoy.report;

import convoy.core.Location;
import convoy.core.RunFolder;
import convoy.train.TrainingHistory;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A training's epochs as TensorBoard reads them: TFRecords of {@code Event} messages
 * (tensorflow/core/util/event.proto), a file an epoch, as file systems that Convoy writes to need
 * not know how to append. TensorBoard takes the files of a folder in the order of their names.
 */
final class EventFiles {
  /** In a run's folder. */
  static final String FOLDER = "tensorboard";

  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  /** What TFRecord adds to a rotated checksum. */
  private static final int MASK = 0xa282ead8;

  private EventFiles() {}

  /**
   * Writes the epochs that have no file yet, and the last one, which may have been trained anew.
   */
  static void write(RunFolder run) {
    List<TrainingHistory.Epoch> epochs = TrainingHistory.of(run);
    for (TrainingHistory.Epoch epoch : epochs) {
      Location file =
          run.file(FOLDER)
              .child(String.format(Locale.ROOT, "events.out.tfevents.%010d.convoy", epoch.epoch()));
      if (epoch.epoch() == epochs.size() || !file.exists()) {
        file.writeBytes(file(epoch));
      }
    }
  }

  private static byte[] file(TrainingHistory.Epoch epoch) {
    Instant now = Instant.now();
    double time = now.getEpochSecond() + now.getNano() / 1e9;
    Message version = new Message().number(1, time).text(3, "brain.Event:2");
    Message summary = new Message();
    scalars(epoch)
        .forEach(
            (tag, value) ->
                summary.message(1, new Message().text(1, tag).number(2, value.floatValue())));
    Message event = new Message().number(1, time).whole(2, epoch.epoch()).message(5, summary);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(entry(version.bytes()));
    file.writeBytes(entry(event.bytes()));
    return file.toByteArray();
  }

  /** An epoch's numbers by the names that those who show them are given. */
  static Map<String, Double> scalars(TrainingHistory.Epoch epoch) {
    Map<String, Double> scalars = new LinkedHashMap<>();
    scalars.put("loss/training", epoch.trainingLoss());
    scalars.put("loss/validation", epoch.validationLoss());
    scalars.put("error/top-1", epoch.validationTop1Error());
    epoch.validationTop5Error().ifPresent(error -> scalars.put("error/top-5", error));
    scalars.put("learning-rate", epoch.learningRate());
    scalars.put("images-per-second", epoch.imagesPerSecond());
    scalars.put("minibatches-per-round", (double) epoch.minibatchesPerRound());
    scalars.put("seconds/epoch", epoch.seconds());
    scalars.put("seconds/steps", epoch.stepSeconds());
    scalars.put("seconds/reading", epoch.readingSeconds());
    scalars.put("seconds/averaging", epoch.averagingSeconds());
    scalars.put("sent-bytes", epoch.sentBytes());
    return scalars;
  }

  /** A TFRecord: length and data, each followed by its checksum. */
  private static byte[] entry(byte[] data) {
    byte[] length = little(Long.BYTES).putLong(data.length).array();
    return ByteBuffer.allocate(length.length + data.length + 2 * Integer.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(length)
        .putInt(checksum(length))
        .put(data)
        .putInt(checksum(data))
        .array();
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A protocol buffer, field after field. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Message key(int field, int type) {
      return varint((long) field << 3 | type);
    }

    private Message varint(long value) {
      long rest = value;
      for (; rest >= 0x80; rest >>>= 7) {
        out.write((int) (rest & 0x7f | 0x80));
      }
      out.write((int) rest);
      return this;
    }

    Message whole(int field, long value) {
      return key(field, VARINT).varint(value);
    }

    Message number(int field, double value) {
      key(field, FIXED_64).out.writeBytes(little(Double.BYTES).putDouble(value).array());
      return this;
    }

    Message number(int field, float value) {
      key(field, FIXED_32).out.writeBytes(little(Float.BYTES).putFloat(value).array());
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes());
    }

    private Message bytes(int field, byte[] value) {
      key(field, BYTES).varint(value.length).out.writeBytes(value);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
