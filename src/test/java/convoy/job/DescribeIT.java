package convoy.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/describe.sh} as others' scripts call it, and its page in a browser. */
class DescribeIT {
  @TempDir Path folder;

  @Test
  void theScriptPrintsOneJsonObjectAndNothingElse() throws Exception {
    String output =
        new Scripts(folder)
            .run(
                "describe.sh",
                "--set",
                "network.architecture=vgg16",
                "--set",
                "network.input=[3,224,224]",
                "--set",
                "network.classes=1000",
                "--format",
                "json");
    JsonNode json = new ObjectMapper().readTree(output);
    assertThat(json.get("parameters").asLong()).isEqualTo(138_357_544);
    assertThat(json.get("layers")).hasSize(21);
  }

  @Test
  void needsNoJarOfSparks() throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.matches(".*[/\\\\](spark-|scala-|org[/\\\\]scala-lang).*"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                classPath,
                Main.class.getName(),
                "describe",
                "--set",
                "network.architecture=lenet",
                "--run",
                folder.resolve("run").toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("431,080");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void thePageOpensInABrowser() throws Exception {
    Path run = folder.resolve("run");
    new Scripts(folder)
        .run("describe.sh", "--set", "compare=[alexnet, googlenet]", "--run", run.toString());
    assertThat(Browser.shows(run.resolve("network.html"), folder))
        .contains("id=\"comparison\"")
        .contains("alt=\"Costs of the networks\"")
        .contains(">5b-3x3-reduce<")
        .contains("<svg");
  }
}
