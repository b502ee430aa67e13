package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.convolution.Shape;
import convoy.core.Location;
import convoy.core.Safetensors;
import convoy.core.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of parameters by name. */
class NamedParametersTest {
  @TempDir Path folder;

  private static NetworkSpec usual(String architecture, int classes) {
    return NetworkSpec.of(architecture, Architectures.usualInput(architecture), classes);
  }

  private Location file(String name) {
    return Location.of(folder.resolve(name).toString());
  }

  /** The names and shapes of torchvision's own state dictionaries. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet18", "resnet50", "vgg16", "vgg16-bn"})
  void namesAndShapesAreTorchvisions(String architecture) throws IOException {
    StateLayout layout = StateLayout.of(usual(architecture, 1000));
    List<String> written =
        NamedParameters.arrays(layout, new byte[0]).stream()
            .map(array -> "%s\t%s".formatted(array.name(), new Shape(array.shape())))
            .toList();
    assertThat(written).containsExactlyInAnyOrderElementsOf(published(architecture));
  }

  private static List<String> published(String architecture) throws IOException {
    String resource = "torchvision-%s.tsv".formatted(architecture);
    try (var in = NamedParametersTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void whatIsWrittenComesBack() {
    NetworkSpec spec = usual("resnet20", 10);
    StateLayout layout = StateLayout.of(spec);
    byte[] parameters = FirstState.of(spec).parameters();
    String sha256 = NamedParameters.write(file("a"), layout, parameters);
    NamedParameters read = NamedParameters.read(file("a"));
    assertThat(read.sha256()).isEqualTo(sha256);
    assertThat(read.inOrderOf(layout, "resnet20")).isEqualTo(parameters);
  }

  /** As others read it: a header of a whole number of 64-bit words, then the arrays. */
  @Test
  void theFileIsAsTheFormatIsDocumented() throws IOException {
    byte[] values = {0, 0, -128, 63, 0, 0, 0, 64};
    Safetensors.write(
        file("a"),
        List.of(Safetensors.Array.of("w", Safetensors.Type.F32, List.of(1, 2), values, 0)));
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(folder.resolve("a"))).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong();
    assertThat(length % 8).isZero();
    byte[] header = new byte[length];
    bytes.get(header);
    assertThat(new String(header, StandardCharsets.UTF_8).strip())
        .isEqualTo(
            "{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}");
    assertThat(bytes.getFloat()).isEqualTo(1);
    assertThat(bytes.getFloat()).isEqualTo(2);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @Test
  void weightsThatDoNotFitAreRefusedByName() throws IOException {
    StateLayout ten = StateLayout.of(usual("lenet", 10));
    NamedParameters.write(file("ten"), ten, new byte[ten.bytes()]);
    assertThatThrownBy(
            () ->
                NamedParameters.read(file("ten"))
                    .inOrderOf(StateLayout.of(usual("lenet", 11)), "lenet"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("output.weight is 10x500 there and 11x500 here");
    assertThatThrownBy(
            () ->
                NamedParameters.read(file("ten"))
                    .inOrderOf(StateLayout.of(usual("resnet20", 10)), "resnet20"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("conv1.weight is 20x1x5x5 there and 16x3x3x3 here");
    byte[] cut = Files.readAllBytes(folder.resolve("ten"));
    Files.write(folder.resolve("cut"), Arrays.copyOf(cut, cut.length - 8));
    assertThatThrownBy(() -> NamedParameters.read(file("cut")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("output.bias lies outside the file");
    Files.writeString(folder.resolve("html"), "<html>not found</html>");
    assertThatThrownBy(() -> NamedParameters.read(file("html")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("it does not begin with a header");
  }

  @Test
  void aModelOfAnotherFormatIsRefusedWithWhatItIs() throws IOException {
    Files.writeString(folder.resolve("model.json"), "{\"network\": {}}");
    assertThatThrownBy(() -> TrainedModel.describe(Location.of(folder.toString())))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("it is a model of format 1, written by Convoy 0.1.0")
        .hasMessageContaining("reads format 2");
  }
}
