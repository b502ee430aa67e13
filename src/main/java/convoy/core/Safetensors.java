package convoy.core;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Arrays by name in one file, in the format <a
 * href="https://huggingface.co/docs/safetensors">safetensors</a>: the length of a header (64 bits,
 * little-endian), the header (JSON: type, shape and place of each array), the arrays' bytes,
 * little-endian, the last index running fastest. PyTorch and others read and write it.
 */
public final class Safetensors {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LENGTH_BYTES = Long.BYTES;
  private static final int LARGEST_HEADER = 100_000_000;

  /** The types of numbers that are read and written here. */
  public enum Type {
    F32(Float.BYTES),
    I64(Long.BYTES);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * One array; kept, not copied.
   *
   * @param type as the file calls it, {@code F32}
   * @param bytes that hold it, {@code from} on
   */
  public record Array(
      String name, String type, List<Integer> shape, byte[] bytes, int from, int length) {

    public static Array of(String name, Type type, List<Integer> shape, byte[] bytes, int from) {
      int values = shape.stream().reduce(1, Math::multiplyExact);
      return new Array(
          name, type.name(), shape, bytes, from, Math.multiplyExact(values, type.bytes));
    }
  }

  private final Map<String, Array> arrays;
  private final String sha256;

  private Safetensors(Map<String, Array> arrays, String sha256) {
    this.arrays = arrays;
    this.sha256 = sha256;
  }

  public Collection<Array> arrays() {
    return arrays.values();
  }

  public Optional<Array> array(String name) {
    return Optional.ofNullable(arrays.get(name));
  }

  /** Of the whole file. */
  public String sha256() {
    return sha256;
  }

  /**
   * Writes a file.
   *
   * @param arrays those of the wider types first, so that each lies at a multiple of its width
   * @return its SHA-256
   */
  public static String write(Location file, List<Array> arrays) {
    byte[] header = header(arrays);
    MessageDigest digest = Digests.sha256();
    file.write(
        out -> {
          OutputStream counted = new DigestOutputStream(out, digest);
          DataOutputStream data = new DataOutputStream(counted);
          data.writeLong(Long.reverseBytes(header.length));
          data.write(header);
          for (Array array : arrays) {
            data.write(array.bytes(), array.from(), array.length());
          }
          data.flush();
        });
    return Digests.hex(digest.digest());
  }

  private static byte[] header(List<Array> arrays) {
    ObjectNode header = JSON.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    long at = 0;
    for (Array array : arrays) {
      ObjectNode entry = header.putObject(array.name());
      entry.put("dtype", array.type());
      ArrayNode shape = entry.putArray("shape");
      array.shape().forEach(shape::add);
      entry.putArray("data_offsets").add(at).add(at + array.length());
      at += array.length();
    }
    String text = header.toString();
    // Padded, so that the arrays begin at a multiple of eight bytes.
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    return (text + " ".repeat(-length & (LENGTH_BYTES - 1))).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a file of up to 2 GiB.
   *
   * @throws UserException if it is not of this format, or cut
   */
  public static Safetensors read(Location file) {
    if (file.length() > Integer.MAX_VALUE - 16) {
      throw new UserException(
          "Cannot read %s: it has more than 2 GiB. Save the weights of one network only."
              .formatted(file));
    }
    byte[] bytes = file.readBytes();
    long length = bytes.length < LENGTH_BYTES ? -1 : littleEndian(bytes).getLong();
    if (length < 2 || length > LARGEST_HEADER || length > bytes.length - LENGTH_BYTES) {
      throw broken(file, "it does not begin with a header");
    }
    int start = LENGTH_BYTES + (int) length;
    Map<String, Array> arrays = new LinkedHashMap<>();
    try {
      JsonNode header =
          JSON.readTree(new String(bytes, LENGTH_BYTES, (int) length, StandardCharsets.UTF_8));
      for (var fields = header.fields(); fields.hasNext(); ) {
        Map.Entry<String, JsonNode> field = fields.next();
        if (!field.getKey().equals("__metadata__")) {
          arrays.put(field.getKey(), array(file, field.getKey(), field.getValue(), bytes, start));
        }
      }
    } catch (JsonProcessingException e) {
      throw broken(file, "its header is not JSON");
    }
    return new Safetensors(arrays, Digests.sha256(bytes));
  }

  private static Array array(Location file, String name, JsonNode entry, byte[] bytes, int start) {
    List<Integer> shape = new ArrayList<>();
    entry.path("shape").forEach(size -> shape.add(size.asInt()));
    long from = entry.path("data_offsets").path(0).asLong(-1);
    long to = entry.path("data_offsets").path(1).asLong(-1);
    if (from < 0 || to < from || to > bytes.length - start) {
      throw broken(file, "%s lies outside the file".formatted(name));
    }
    String type = entry.path("dtype").asText();
    long values = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    for (Type known : Type.values()) {
      if (known.name().equals(type) && to - from != values * known.bytes) {
        throw broken(file, "%s has another length than its shape says".formatted(name));
      }
    }
    return new Array(name, type, shape, bytes, start + (int) from, (int) (to - from));
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static UserException broken(Location file, String reason) {
    return new UserException(
        "Cannot read %s as safetensors: %s. Fetch it again, or save it with safetensors.torch.save_file(model.state_dict(), ...)."
            .formatted(file, reason));
  }
}
