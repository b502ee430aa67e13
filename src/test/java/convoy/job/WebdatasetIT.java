package convoy.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import convoy.core.Location;
import convoy.data.shards.DatasetManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shards against Python's {@code webdataset}, where it is installed. */
class WebdatasetIT {
  private static final String READ =
      """
      import sys, glob, webdataset
      tars = sorted(glob.glob(sys.argv[1] + "/shards/train-*.tar"))
      for sample in webdataset.WebDataset(tars, shardshuffle=False).decode("rgb").to_tuple("png;jpg", "cls", "__key__"):
          print(sample[2], sample[1], sample[0].shape)
      """;
  private static final String WRITE =
      """
      import sys, numpy, webdataset
      with webdataset.TarWriter(sys.argv[1] + "/train-000000.tar") as sink:
          for i in range(20):
              sink.write({"__key__": "sample%03d" % i, "png": numpy.full((9, 11, 3), i * 10, dtype=numpy.uint8), "cls": i % 2})
      """;
  @TempDir Path folder;

  @Test
  void pythonReadsOurShardsAndWeItsOwn() throws Exception {
    assumeTrue(
        python("import webdataset, numpy, PIL", "").code() == 0,
        "Python 3 with the packages webdataset, numpy and pillow is not installed");
    Path shapes = Jobs.shapes(folder, 5, 2);
    Said read = python(READ, shapes.toString());
    assertThat(read.code()).as(read.text()).isZero();
    DatasetManifest manifest = DatasetManifest.read(Location.of(shapes.toString()));
    assertThat(read.text().lines()).hasSize(manifest.split("train").examples());

    Path theirs = Files.createDirectories(folder.resolve("theirs"));
    Said write = python(WRITE, theirs.toString());
    assertThat(write.code()).as(write.text()).isZero();
    Jobs.succeed(
        "partition",
        "--set",
        "source={type: webdataset, path: %s}".formatted(theirs),
        "--set",
        "output=" + folder.resolve("ours"));
    assertThat(
            DatasetManifest.read(Location.of(folder.resolve("ours").toString()))
                .split("train")
                .classCounts())
        .containsExactly(10, 10);
  }

  private record Said(int code, String text) {}

  private static Said python(String program, String argument) throws Exception {
    Process process =
        new ProcessBuilder(List.of("python3", "-c", program, argument))
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Said(process.exitValue(), text);
  }
}
