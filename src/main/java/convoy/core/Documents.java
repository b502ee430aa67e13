package convoy.core;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * Documents that people write (YAML) and that machines write (JSON), and the records they mean.
 *
 * <p>A configuration starts as the job's reference document, which has every key; overlays and
 * single settings replace values. A block whose {@code type} changes is replaced whole, since its
 * other keys belonged to the former type. The value {@code ???} has to be given by somebody.
 */
public final class Documents {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder()
              .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
              .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
              .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
              .build());

  private final ObjectNode tree;

  /** What this was before anything was laid over it. */
  private final ObjectNode defaults;

  private Documents(ObjectNode tree) {
    this(tree, tree);
  }

  private Documents(ObjectNode tree, ObjectNode defaults) {
    this.tree = tree;
    this.defaults = defaults;
  }

  /**
   * Reads YAML, of which JSON is a part.
   *
   * @param name of the document, for messages
   */
  public static Documents parse(String name, String yaml) {
    try {
      JsonNode node = YAML.readTree(yaml);
      if (node == null || node.isMissingNode() || node.isNull()) {
        return new Documents(YAML.createObjectNode());
      }
      if (node instanceof ObjectNode object) {
        return new Documents(object);
      }
      throw new UserException(
          "Cannot read %s: it is not a document of keys and values.".formatted(name));
    } catch (JsonProcessingException e) {
      throw new UserException(
          "Cannot read %s: line %d: %s. Check its indentation and quotes."
              .formatted(
                  name,
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("not YAML")),
          e);
    }
  }

  /** The reference configuration of a job: every key with its default. */
  public static Documents reference(String job) {
    try (InputStream in = Documents.class.getResourceAsStream("/convoy/conf/" + job + ".yaml")) {
      return parse(
          "the reference configuration", new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("The jar's own reference configuration cannot be read", e);
    }
  }

  /** This document with files laid over it, each over those before. */
  public Documents withFiles(List<Location> files) {
    Documents document = this;
    for (Location file : files) {
      document = document.overlaidBy(parse(file.uri(), file.readText()));
    }
    return document;
  }

  /** A JSON file as the record it holds. */
  public static <T> T read(Location file, Class<T> type) {
    return fromJson(file.uri(), file.readText(), type);
  }

  /**
   * A part of a JSON text as the record it holds; the rest is passed over.
   *
   * @param name of the text, for messages
   * @param key at its top
   */
  public static <T> T part(String name, String json, String key, Class<T> type) {
    JsonNode part = json(name, json).path(key);
    List<String> problems = new ArrayList<>();
    T bound =
        type.cast(new RecordBinder(problems, MissingNode.getInstance()).bind(part, type, key));
    UserException.throwIfAny(problems);
    return bound;
  }

  /** The first of some fields at the top of a JSON text that is there, as text. */
  public static Optional<String> field(String name, String json, List<String> keys) {
    JsonNode tree = json(name, json);
    return keys.stream()
        .filter(key -> tree.path(key).isValueNode() && !tree.path(key).isNull())
        .map(key -> tree.path(key).asText())
        .findFirst();
  }

  /** The values of an object whose values are lists of texts: {@code {"0": ["a", "b"]}}. */
  public static List<List<String>> pairs(String name, String json) {
    List<List<String>> pairs = new ArrayList<>();
    for (JsonNode list : json(name, json)) {
      if (list.size() < 2) {
        throw new UserException(
            "Cannot read %s: %s is not a list of two texts. Check its format."
                .formatted(name, list));
      }
      pairs.add(List.of(list.get(0).asText(), list.get(1).asText()));
    }
    return pairs;
  }

  /** The values of a list of plain values, as texts. */
  public static List<String> texts(String name, String json) {
    List<String> texts = new ArrayList<>();
    json(name, json).forEach(value -> texts.add(value.asText()));
    return texts;
  }

  private static JsonNode json(String name, String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UserException(
          "Cannot read %s: it is not JSON (%s). Fetch it again."
              .formatted(
                  name, String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  /** Not through YAML's parser, which has limits of size and of characters. */
  public static <T> T fromJson(String name, String json, Class<T> type) {
    if (json(name, json) instanceof ObjectNode object) {
      return bound(name, object, type, RecordBinder::ofData);
    }
    throw new UserException("Cannot read %s: it is not an object of JSON.".formatted(name));
  }

  public static String toJson(Object value) {
    return pretty(RecordBinder.toTree(value));
  }

  private static String pretty(JsonNode tree) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A record of plain values is always JSON", e);
    }
  }

  /**
   * Without some values.
   *
   * @param leftOut is asked about each whole key and its value, as {@link #flat} has them
   */
  public static String toJsonWithout(Record value, BiPredicate<String, String> leftOut) {
    JsonNode tree = RecordBinder.toTree(value);
    flat(value)
        .forEach(
            (path, text) -> {
              if (leftOut.test(path, text)) {
                int dot = path.lastIndexOf('.');
                JsonNode block = dot < 0 ? tree : RecordBinder.at(tree, path.substring(0, dot));
                ((ObjectNode) block).remove(path.substring(dot + 1));
              }
            });
    return pretty(tree);
  }

  /** As one line, for files of one record a line. */
  public static String toJsonLine(Object value) {
    return RecordBinder.toTree(value).toString() + "\n";
  }

  /** A record's values as texts by their whole keys: {@code training.schedule.type}. */
  public static Map<String, String> flat(Record value) {
    Map<String, String> flat = new LinkedHashMap<>();
    flatten(RecordBinder.toTree(value), "", flat);
    return flat;
  }

  private static void flatten(JsonNode node, String path, Map<String, String> flat) {
    if (node instanceof ObjectNode object) {
      object
          .fields()
          .forEachRemaining(
              field ->
                  flatten(
                      field.getValue(),
                      path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                      flat));
    } else {
      flat.put(path, node.isValueNode() ? node.asText() : node.toString());
    }
  }

  public static String toYaml(Object value) {
    try {
      return YAML.writeValueAsString(RecordBinder.toTree(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A record of plain values is always YAML", e);
    }
  }

  public Documents overlaidBy(Documents overlay) {
    ObjectNode merged = tree.deepCopy();
    merge(merged, overlay.tree);
    return new Documents(merged, defaults);
  }

  /**
   * This document with single settings laid over it.
   *
   * @param settings each {@code key.path=value}, the value in YAML: {@code training.epochs=3},
   *     {@code members=[a, b]}; their order matters only where one key is set twice
   */
  public Documents with(List<String> settings) {
    ObjectNode overlay = YAML.createObjectNode();
    for (String setting : settings) {
      set(overlay, setting);
    }
    return overlaidBy(new Documents(overlay));
  }

  private static void set(ObjectNode overlay, String setting) {
    int equals = setting.indexOf('=');
    if (equals < 1) {
      throw new UserException(
          "Cannot use --set %s: it has no key=value. Write for example --set seed=1."
              .formatted(setting));
    }
    String[] path = setting.substring(0, equals).trim().split("\\.");
    ObjectNode at = overlay;
    for (int i = 0; i < path.length - 1; i++) {
      at = at.get(path[i]) instanceof ObjectNode block ? block : at.putObject(path[i]);
    }
    at.set(path[path.length - 1], value(setting, setting.substring(equals + 1)));
  }

  /**
   * Lists, blocks and quoted texts are YAML; anything else is meant as it stands: paths, with # and
   * all.
   */
  private static JsonNode value(String setting, String text) {
    if (!text.matches("(?s)\\s*[\\[{\"'].*")) {
      return TextNode.valueOf(text.strip());
    }
    try {
      return YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UserException(
          "Cannot use --set %s: its value is not YAML. Quote it.".formatted(setting), e);
    }
  }

  /**
   * Refuses a document of another format than the one that this code reads.
   *
   * @param kind of document, for the message: "model"
   */
  public void requireFormat(String name, String kind, int wanted) {
    // The first formats had no number.
    String format = tree.path("format").asText("1");
    if (!format.equals(String.valueOf(wanted))) {
      throw new UserException(
          "Cannot use %s: it is a %s of format %s, written by Convoy %s; this is Convoy %s, which reads format %d. Use the Convoy that wrote it, or train again."
              .formatted(
                  name,
                  kind,
                  format,
                  tree.path("convoy").asText("0.1.0"),
                  Provenance.version(),
                  wanted));
    }
  }

  /** The record that this document means; every problem is reported, each with its key's path. */
  public <T> T bind(String name, Class<T> type) {
    return bound(name, tree, type, problems -> new RecordBinder(problems, defaults));
  }

  private static <T> T bound(
      String name, JsonNode tree, Class<T> type, Function<List<String>, RecordBinder> binder) {
    List<String> problems = new ArrayList<>();
    T bound = type.cast(binder.apply(problems).bind(tree, type, ""));
    if (!problems.isEmpty()) {
      throw new UserException(
          String.join("\n", problems.stream().map(p -> p + " [" + name + "]").toList()));
    }
    return bound;
  }

  private static void merge(ObjectNode base, ObjectNode overlay) {
    for (Iterator<Map.Entry<String, JsonNode>> fields = overlay.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> field = fields.next();
      JsonNode old = base.get(field.getKey());
      if (old instanceof ObjectNode oldBlock
          && field.getValue() instanceof ObjectNode newBlock
          && sameType(oldBlock, newBlock)) {
        merge(oldBlock, newBlock);
      } else {
        base.set(field.getKey(), field.getValue());
      }
    }
  }

  private static boolean sameType(ObjectNode old, ObjectNode replacement) {
    JsonNode type = replacement.get("type");
    return type == null || !old.has("type") || type.equals(old.get("type"));
  }
}
