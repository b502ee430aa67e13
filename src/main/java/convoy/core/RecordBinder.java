package convoy.core;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Between trees of values and records, with kebab-case keys. Jackson's own binding stops at the
 * first problem; this one goes on, so that all of them are told at once. A sealed interface is
 * bound by the block's {@code type}; an {@code Optional} may be left out or be {@code none}.
 */
final class RecordBinder {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** In the place of a value that has to be given. */
  private static final String MISSING = "???";

  /** What machines write has all values; a text may be any. */
  private final boolean ofData;

  private final List<String> problems;
  private final JsonNode defaults;

  /**
   * @param problems are added to
   * @param defaults the reference document, whose values stand for wrong ones while those beside
   *     them are checked
   */
  RecordBinder(List<String> problems, JsonNode defaults) {
    this(problems, defaults, false);
  }

  private RecordBinder(List<String> problems, JsonNode defaults, boolean ofData) {
    this.problems = problems;
    this.defaults = defaults;
    this.ofData = ofData;
  }

  /** For a document in which every text of a value that is always there is what it says. */
  static RecordBinder ofData(List<String> problems) {
    return new RecordBinder(problems, MissingNode.getInstance(), true);
  }

  private boolean isMissing(JsonNode node) {
    return !ofData && node.isTextual() && node.asText().equals(MISSING);
  }

  /** The value, or null where a problem was added. */
  Object bind(JsonNode node, Type type, String path) {
    if (type instanceof ParameterizedType generic) {
      return bindGeneric(node, generic, path);
    }
    Class<?> wanted = (Class<?>) type;
    if (isMissing(node)) {
      return problem(
          "Missing %s: it has no default. Give it in the config or with --set %s=...", path, path);
    }
    if (wanted.isRecord()) {
      return bindRecord(node, wanted, path);
    }
    if (wanted.isSealed()) {
      return bindUnion(node, wanted, path);
    }
    if (wanted.isEnum()) {
      return bindEnum(node, wanted, path);
    }
    return bindPlain(node, wanted, path);
  }

  private Object bindGeneric(JsonNode node, ParameterizedType type, String path) {
    Type element = type.getActualTypeArguments()[type.getActualTypeArguments().length - 1];
    if (type.getRawType() == Optional.class) {
      boolean none = node.isMissingNode() || node.isNull() || node.asText().equals("none");
      // Null, which stands for a problem, is not nothing.
      return none ? Optional.empty() : bound(bind(node, element, path));
    }
    if (type.getRawType() == List.class && node.isArray()) {
      List<Object> list = new ArrayList<>();
      for (int i = 0; i < node.size(); i++) {
        list.add(bind(node.get(i), element, path + "[" + i + "]"));
      }
      return list.contains(null) ? null : List.copyOf(list);
    }
    if (type.getRawType() == Map.class && node.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      node.fields()
          .forEachRemaining(
              f -> map.put(f.getKey(), bind(f.getValue(), element, join(path, f.getKey()))));
      return map;
    }
    if (isMissing(node)) {
      return problem(
          "Missing %s: it has no default. Give it in the config or with --set %s=[...]",
          path, path);
    }
    return wrong(
        path, node, type.getRawType() == List.class ? "a list, [a, b]" : "a block of keys");
  }

  private static Object bound(Object value) {
    return value == null ? null : Optional.of(value);
  }

  private Object bindRecord(JsonNode node, Class<?> type, String path) {
    if (!node.isObject()) {
      return wrong(path, node, "a block of keys");
    }
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = Arrays.stream(components).map(c -> kebab(c.getName())).toList();
    int before = problems.size();
    node.fieldNames().forEachRemaining(key -> checkKnown(key, known, path, type));
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      Otherwise otherwise = components[i].getAnnotation(Otherwise.class);
      JsonNode value = node.path(known.get(i));
      if (value instanceof MissingNode && otherwise != null) {
        value = otherwise(otherwise.value());
      }
      if (value instanceof MissingNode && components[i].getType() != Optional.class) {
        problem("Missing key %s", join(path, known.get(i)));
      } else {
        values[i] = bind(value, components[i].getGenericType(), join(path, known.get(i)));
      }
    }
    if (problems.size() == before) {
      return construct(type, components, values, path);
    }
    checkTheRest(type, components, values, path);
    return null;
  }

  /**
   * A record checks its values together, which those that are wrong must not prevent. Where one
   * relies on a wrong one, it is said to be wrong with that one's default.
   */
  private void checkTheRest(
      Class<?> type, RecordComponent[] components, Object[] values, String path) {
    for (int i = 0; i < components.length; i++) {
      if (values[i] == null) {
        String place = join(path, kebab(components[i].getName()));
        JsonNode standIn = at(defaults, place);
        values[i] =
            components[i].getType() == String.class && standIn.isTextual()
                ? standIn.asText()
                : new RecordBinder(new ArrayList<>(), MissingNode.getInstance())
                    .bind(standIn, components[i].getGenericType(), place);
        if (values[i] == null) {
          return;
        }
      }
    }
    int said = problems.size();
    var unused = construct(type, components, values, path);
    // Of texts that have no default.
    problems.subList(said, problems.size()).removeIf(line -> line.contains(MISSING));
  }

  static JsonNode at(JsonNode tree, String path) {
    JsonNode at = tree;
    for (String key : path.split("\\.")) {
      at = at.path(key);
    }
    return at;
  }

  private static JsonNode otherwise(String value) {
    if (!value.startsWith("[")) {
      return NODES.textNode(value);
    }
    try {
      return JSON.readTree(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("No list: " + value, e);
    }
  }

  private void checkKnown(String key, List<String> known, String path, Class<?> type) {
    boolean unionType =
        key.equals("type") && Arrays.stream(type.getInterfaces()).anyMatch(Class::isSealed);
    if (!known.contains(key) && !unionType) {
      String nearest =
          known.stream()
              .min(
                  Comparator.comparing(k -> LevenshteinDistance.getDefaultInstance().apply(k, key)))
              .map(k -> ". Did you mean %s?".formatted(join(path, k)))
              .orElse("");
      problem("Unknown key %s%s", join(path, key), nearest);
    }
  }

  private Object construct(
      Class<?> type, RecordComponent[] components, Object[] values, String path) {
    try {
      var constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof UserException invalid) {
        invalid
            .getMessage()
            .lines()
            .forEach(line -> problems.add(path.isEmpty() ? line : line + " in " + path));
        return null;
      }
      throw new IllegalStateException("Cannot construct " + type, e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot construct " + type, e);
    }
  }

  private Object bindUnion(JsonNode node, Class<?> type, String path) {
    List<Class<?>> members = members(type).toList();
    String name = node.path("type").asText("");
    Optional<Class<?>> member =
        members.stream().filter(one -> typeName(one).equals(name)).findFirst();
    if (member.isPresent()) {
      // Null where something in it is wrong, which was said.
      return bindRecord(node, member.get(), path);
    }
    return wrong(
        join(path, "type"),
        node.path("type"),
        "one of " + members.stream().map(one -> typeName(one)).toList());
  }

  private static String typeName(Class<?> type) {
    Named named = type.getAnnotation(Named.class);
    return named == null ? kebab(type.getSimpleName()) : named.value();
  }

  private static Stream<Class<?>> members(Class<?> type) {
    return Arrays.stream(type.getPermittedSubclasses())
        .flatMap(member -> member.isSealed() ? members(member) : Stream.of(member));
  }

  private Object bindEnum(JsonNode node, Class<?> type, String path) {
    List<String> names =
        Arrays.stream(type.getEnumConstants()).map(c -> enumName((Enum<?>) c)).toList();
    int found = names.indexOf(node.asText());
    return found >= 0 ? type.getEnumConstants()[found] : wrong(path, node, "one of " + names);
  }

  private Object bindPlain(JsonNode node, Class<?> type, String path) {
    if (type == String.class) {
      return node.isValueNode() && !node.isNull() ? node.asText() : wrong(path, node, "a text");
    }
    if (type == boolean.class || type == Boolean.class) {
      boolean truth = node.isBoolean() || node.asText().matches("true|false");
      return truth ? (Object) node.asText().equals("true") : wrong(path, node, "true or false");
    }
    if (type == int.class || type == Integer.class) {
      return bindNumber(node, path, "a whole number", Integer::valueOf);
    }
    if (type == long.class || type == Long.class) {
      return bindNumber(node, path, "a whole number", Long::valueOf);
    }
    if (type == double.class || type == Double.class) {
      return bindNumber(node, path, "a number", Double::valueOf);
    }
    throw new IllegalStateException("No document value is bound to " + type);
  }

  /** Texts are numbers too: 1e-2 is one to everyone but YAML 1.1, and so are single settings. */
  private Object bindNumber(
      JsonNode node, String path, String wanted, Function<String, Object> parse) {
    try {
      return node.isNumber() || node.isTextual()
          ? parse.apply(node.asText())
          : wrong(path, node, wanted);
    } catch (NumberFormatException e) {
      return wrong(path, node, wanted);
    }
  }

  private Object wrong(String path, JsonNode node, String wanted) {
    return problem(
        "Invalid %s: %s (must be %s)", path, node.isMissingNode() ? "nothing" : node, wanted);
  }

  private Object problem(String format, Object... arguments) {
    problems.add(format.formatted(arguments));
    return null;
  }

  static JsonNode toTree(Object value) {
    if (value instanceof Record record) {
      return recordToTree(record);
    }
    if (value instanceof Optional<?> optional) {
      return optional.map(RecordBinder::toTree).orElse(NODES.textNode("none"));
    }
    if (value instanceof List<?> list) {
      ArrayNode array = NODES.arrayNode();
      list.forEach(element -> array.add(toTree(element)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = NODES.objectNode();
      map.forEach((key, element) -> object.set(key.toString(), toTree(element)));
      return object;
    }
    if (value instanceof Enum<?> constant) {
      return NODES.textNode(enumName(constant));
    }
    return plainToTree(value);
  }

  private static JsonNode recordToTree(Record record) {
    ObjectNode object = NODES.objectNode();
    if (Arrays.stream(record.getClass().getInterfaces()).anyMatch(Class::isSealed)) {
      object.put("type", typeName(record.getClass()));
    }
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      try {
        component.getAccessor().setAccessible(true);
        object.set(kebab(component.getName()), toTree(component.getAccessor().invoke(record)));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("Cannot read " + component, e);
      }
    }
    return object;
  }

  private static JsonNode plainToTree(Object value) {
    if (value instanceof Integer number) {
      return NODES.numberNode(number);
    }
    if (value instanceof Long number) {
      return NODES.numberNode(number);
    }
    if (value instanceof Double number) {
      return NODES.numberNode(number);
    }
    if (value instanceof Boolean truth) {
      return NODES.booleanNode(truth);
    }
    return NODES.textNode(value.toString());
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static String enumName(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code top1Error} to {@code top1-error}. */
  static String kebab(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }
}
