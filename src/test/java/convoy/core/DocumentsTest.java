package convoy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  private static final Documents REFERENCE =
      Documents.parse(
          "reference",
          """
          name: ???
          top1Limit: none
          speed: {type: fast, gear-count: 3}
          sizes: [1, 2]
          rate: 1e-2
          """
              .replace("top1Limit", "top1-limit"));

  record Config(
      String name, Optional<Integer> top1Limit, Speed speed, List<Integer> sizes, double rate) {
    Config {
      new Checks().positive("rate", rate).done();
    }
  }

  sealed interface Speed {}

  record Fast(int gearCount) implements Speed {
    Fast {
      new Checks().atLeast(1, "gear-count", gearCount).done();
    }
  }

  record Slow() implements Speed {}

  private static Config bind(String... settings) {
    return REFERENCE.with(List.of(settings)).bind("test", Config.class);
  }

  /** Its type is right, and is not said to be wrong. */
  @Test
  void aWrongValueWithinABlockIsSaidOnce() {
    assertThatThrownBy(() -> bind("name=x", "speed.gear-count=many"))
        .hasMessageContaining("speed.gear-count")
        .hasMessageNotContaining("speed.type");
  }

  @Test
  void valuesOfTheReferenceHoldUnlessTheyAreSet() {
    Config config = bind("name=x", "sizes=[7]");
    assertThat(config).isEqualTo(new Config("x", Optional.empty(), new Fast(3), List.of(7), 0.01));
  }

  @Test
  void anotherTypeReplacesTheWholeBlock() {
    assertThat(bind("name=x", "speed.type=slow").speed()).isEqualTo(new Slow());
  }

  @Test
  void orderOfSettingsOfOneBlockDoesNotMatter() {
    Documents slow = Documents.parse("slow", "speed: {type: slow}");
    Config config =
        REFERENCE
            .overlaidBy(slow)
            .with(List.of("speed.gear-count=9", "name=x", "speed.type=fast"))
            .bind("t", Config.class);
    assertThat(config.speed()).isEqualTo(new Fast(9));
  }

  @Test
  void everyProblemIsToldAtOnceWithItsPath() {
    assertThatThrownBy(() -> bind("nmae=x", "speed.gear-cuont=1", "sizes=[a]", "rate=fast"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("Unknown key nmae. Did you mean name?")
        .hasMessageContaining("Missing name: it has no default")
        .hasMessageContaining("Unknown key speed.gear-cuont. Did you mean speed.gear-count?")
        .hasMessageContaining("Invalid sizes[0]: \"a\" (must be a whole number)")
        .hasMessageContaining("Invalid rate: \"fast\" (must be a number)");
  }

  /** Those of a block beside those of what is around it, and beside values of a wrong kind. */
  @Test
  void whatIsOutOfRangeIsToldBesideWhatIsNoValue() {
    assertThatThrownBy(() -> bind("name=x", "speed.gear-count=0", "sizes=[a]", "rate=-1"))
        .hasMessageContaining("Invalid gear-count: 0 (must be at least 1) in speed")
        .hasMessageContaining("Invalid sizes[0]")
        .hasMessageContaining("Invalid rate: -1.0 (must be above 0)");
    assertThatThrownBy(() -> bind("name=x", "rate=fast"))
        .hasMessageContaining("Invalid rate")
        .hasMessageNotContaining("must be above 0");
  }

  @Test
  void aSettingIsTheTextAsItStands() {
    assertThat(bind("name=/data/run #2").name()).isEqualTo("/data/run #2");
    assertThat(bind("name=2024_01_15").name()).isEqualTo("2024_01_15");
  }

  @Test
  void checksOfARecordNameTheBlock() {
    assertThatThrownBy(() -> bind("name=x", "speed.gear-count=0"))
        .hasMessageContaining("Invalid gear-count: 0 (must be at least 1) in speed");
  }

  @Test
  void whatIsWrittenIsReadBack() {
    Config config = bind("name='1e3: #'", "top1-limit=5");
    assertThat(Documents.parse("yaml", Documents.toYaml(config)).bind("yaml", Config.class))
        .isEqualTo(config);
    assertThat(Documents.fromJson("json", Documents.toJson(config), Config.class))
        .isEqualTo(config);
  }

  @Test
  void brokenYamlNamesTheLine() {
    assertThatThrownBy(() -> Documents.parse("my.yaml", "a: 1\nb: [1\n"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("my.yaml")
        .hasMessageContaining("line");
  }

  record Numbers(Map<String, Integer> counts) {}

  @Test
  void mapsKeepTheirKeys() {
    Numbers numbers = new Numbers(Map.of("trainSplit", 3));
    assertThat(Documents.fromJson("json", Documents.toJson(numbers), Numbers.class))
        .isEqualTo(numbers);
  }

  /** A configuration's parser has limits of characters and of size; data has none. */
  @Test
  void dataMayHaveAnyTextOfAnyLength() {
    List<String> texts =
        List.of(
            "???",
            "none",
            "\u007f",
            "\u0085",
            "\u009f",
            "\u2028",
            "a\tb\nc\r",
            "x".repeat(5 << 20));
    Texts data = new Texts(texts);
    assertThat(Documents.fromJson("data", Documents.toJsonLine(data), Texts.class)).isEqualTo(data);
    assertThat(Documents.fromJson("data", Documents.toJson(data), Texts.class)).isEqualTo(data);
    assertThat(Documents.toJsonLine(data).lines()).hasSize(1);
  }

  record Texts(List<String> texts) {}
}
