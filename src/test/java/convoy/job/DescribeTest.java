package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescribeTest {
  private static final String[] VGG_16 = {
    "--set", "network.architecture=vgg16",
    "--set", "network.input=[3,224,224]",
    "--set", "network.classes=1000"
  };

  private record Outcome(int code, String output, String errors) {}

  private static Outcome describe(String[] options, String... more) {
    List<String> words = new ArrayList<>(List.of("describe"));
    words.addAll(List.of(options));
    words.addAll(List.of(more));
    PrintStream before = System.out;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    StringWriter errors = new StringWriter();
    System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
    try {
      int code = Main.run(new PrintWriter(errors, true), words.toArray(String[]::new));
      return new Outcome(code, output.toString(StandardCharsets.UTF_8), errors.toString());
    } finally {
      System.setOut(before);
    }
  }

  private static String print(String[] options, String... more) {
    Outcome outcome = describe(options, more);
    assertThat(outcome.errors()).isEmpty();
    assertThat(outcome.code()).isZero();
    return outcome.output();
  }

  @Test
  void jsonHasTheNamesThatScriptsRelyOn() throws IOException {
    JsonNode json = new ObjectMapper().readTree(print(VGG_16, "--format", "json"));
    assertThat(json.get("parameters").asLong()).isEqualTo(138_357_544);
    assertThat(json.get("weights-without-biases").asLong()).isEqualTo(138_344_128);
    assertThat(json.get("multiplications").asLong()).isEqualTo(15_470_264_320L);
    JsonNode layer = json.get("layers").get(16);
    assertThat(layer.get("name").asText()).isEqualTo("conv5-3");
    assertThat(layer.get("output").toString()).isEqualTo("[512,14,14]");
    assertThat(layer.get("parameters").asLong()).isEqualTo(2_359_808);
    assertThat(layer.get("multiplications").asLong()).isEqualTo(462_422_016);
    assertThat(layer.get("receptive-field").asLong()).isEqualTo(196);
    long sum = 0;
    for (JsonNode each : json.get("layers")) {
      sum += each.get("parameters").asLong();
    }
    assertThat(sum).isEqualTo(138_357_544);
    assertThat(json.get("training").get("round-bytes").asLong()).isEqualTo(138_357_544L * 8);
  }

  @Test
  void theTableIsTheLecturesPage() {
    assertThat(print(VGG_16).lines())
        .anyMatch(
            line ->
                line.matches(
                    "conv1-2 +convolution 3x3, 64, ReLU +64x224x224 +12.3 MiB +36,928 +36,864 +1,849,688,064 +5"))
        .anyMatch(
            line ->
                line.matches(
                    "fc6 +dense, 4096, ReLU +4096 +16.0 KiB +102,764,544 +102,760,448 +102,760,448 +404"))
        .anyMatch(line -> line.matches("total +57.6 MiB +138,357,544 +138,344,128 +15,470,264,320"))
        .anyMatch(line -> line.startsWith("Training with a minibatch of 32: driver heap "));
  }

  @Test
  void csvHasALineALayer() {
    assertThat(print(VGG_16, "--format", "csv").lines())
        .hasSize(22)
        .contains("pool5,\"max pooling 2x2/2\",512x7x7,100352,0,0,0,212");
  }

  @Test
  void thePageDrawsEveryLayer() {
    String page =
        print(new String[] {"--set", "network.architecture=googlenet", "--format", "html"});
    assertThat(page)
        .contains("<svg")
        .contains(">5b-3x3-reduce<")
        .contains("data:image/png;base64,");
    assertThat(page).doesNotContain("head1");
  }

  @Test
  void networksStandSideBySide() throws IOException {
    String[] options = {"--set", "compare=[alexnet, vgg16, resnet50]"};
    assertThat(print(options).lines())
        .hasSize(4)
        .anyMatch(line -> line.matches("resnet50 +3x224x224 +25,557,032 .*"));
    JsonNode json = new ObjectMapper().readTree(print(options, "--format", "json"));
    assertThat(json.get("networks").get(0).get("parameters").asLong()).isEqualTo(62_378_344);
    assertThat(print(options, "--format", "html")).contains("id=\"comparison\"");
  }

  @Test
  void theLecturesSumsAreRightAndExplained() {
    assertThat(print(new String[] {"--config", "conf/describe/lecture.yaml"}))
        .contains("120,422,400", "12,443,648", "854,196,224", "271,351,808")
        .contains("358,055,936: the 3x3 convolution's 86,704,128 counted twice.");
  }

  @Test
  void everyConfigurationInTheFolderIsRight() {
    assertThat(print(new String[] {"--config", "conf/describe/imagenet.yaml"}).lines()).hasSize(16);
  }

  @Test
  void aRunFolderHasAllForms(@TempDir Path folder) {
    Path run = folder.resolve("run");
    print(new String[] {"--set", "network.architecture=lenet", "--run", run.toString()});
    assertThat(run.toFile().list())
        .contains("network.json", "network.csv", "network.html", "curve-detector.png");
  }

  @Test
  void wrongInputSaysWhatToDo() {
    assertThat(describe(new String[0]).errors())
        .startsWith("error: Invalid network.architecture: none (must be one of [lenet, ");
    assertThat(describe(VGG_16, "--format", "xml").errors())
        .startsWith("error: Invalid format: \"xml\" (must be one of [text, json, csv, html])");
    Outcome small = describe(VGG_16, "--set", "network.input=[3,20,20]");
    assertThat(small.code()).isEqualTo(3);
    assertThat(small.errors())
        .startsWith("error: Cannot build vgg16 for input [3, 20, 20]. At layer pool5: ");
    assertThat(
            describe(new String[] {"--set", "model=nowhere", "--set", "picture=no.jpg"}).errors())
        .contains("error: Cannot use model ", "error: Cannot read ");
    assertThat(describe(VGG_16, "--set", "picture=cat.jpg").errors())
        .startsWith("error: Invalid picture: cat.jpg (needs a model that looks at it)");
  }
}
