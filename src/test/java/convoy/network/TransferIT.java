package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import convoy.core.Location;
import convoy.core.UserException;
import convoy.data.pictures.ImageTransform;
import convoy.data.reading.Minibatch;
import convoy.data.sources.LabelIndex;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a network takes over from another one, and what of it is trained. */
class TransferIT {
  private static final List<Integer> INPUT = List.of(3, 32, 32);
  @TempDir static Path folder;

  private static LabelIndex classes(String... names) {
    return LabelIndex.of(List.of(names), Map.of());
  }

  private static Path model(String... names) {
    Path place = folder.resolve(String.join("-", names));
    NetworkSpec spec = NetworkSpec.of("resnet18", INPUT, names.length).withSeed(7);
    TrainedModel.write(
        Location.of(place.toString()),
        TrainedModel.description(
            spec,
            new ImageTransform(
                32, 32, 1, Collections.nCopies(3, 100.0), Collections.nCopies(3, 50.0)),
            classes(names),
            1,
            0.5),
        FirstState.of(spec).parameters());
    return place;
  }

  private static NetworkSpec wanted(int classes) {
    return NetworkSpec.of("resnet18", INPUT, classes).in(NetworkSpec.Phase.TRAINING).withSeed(8);
  }

  private static float[] array(byte[] parameters, NetworkSpec spec, String name) {
    StateLayout.Block block =
        StateLayout.of(spec).blocks().stream()
            .filter(b -> b.name().equals(name))
            .findFirst()
            .orElseThrow();
    float[] values = new float[block.length()];
    FloatBuffer floats = ModelState.floats(parameters);
    floats.position(block.from());
    floats.get(values);
    return values;
  }

  @Test
  void theSameClassesKeepTheirHead() {
    StartingWeights weights =
        StartingWeights.read(model("a", "b").toString(), wanted(2), classes("a", "b"));
    assertThat(weights.head()).isEqualTo(StartingWeights.Head.KEPT);
    assertThat(weights.parameters()).isEqualTo(FirstState.of(wanted(2).withSeed(7)).parameters());
  }

  @Test
  void moreClassesKeepTheRowsOfTheOldOnes() {
    StartingWeights weights =
        StartingWeights.read(model("b", "c").toString(), wanted(3), classes("a", "b", "c"));
    assertThat(weights.head()).isEqualTo(StartingWeights.Head.WIDENED);
    float[] old = array(FirstState.of(wanted(2).withSeed(7)).parameters(), wanted(2), "fc.weight");
    float[] now = array(weights.parameters(), wanted(3), "fc.weight");
    float[] drawn = array(FirstState.of(wanted(3)).parameters(), wanted(3), "fc.weight");
    assertThat(Arrays.copyOfRange(now, 512, 1536)).isEqualTo(old);
    assertThat(Arrays.copyOfRange(now, 0, 512)).isEqualTo(Arrays.copyOfRange(drawn, 0, 512));
    assertThat(array(weights.parameters(), wanted(3), "layer1.0.conv1.weight"))
        .isEqualTo(
            array(
                FirstState.of(wanted(2).withSeed(7)).parameters(),
                wanted(2),
                "layer1.0.conv1.weight"));
  }

  @Test
  void otherClassesGetANewHead() {
    StartingWeights weights =
        StartingWeights.read(model("x", "y").toString(), wanted(2), classes("a", "b"));
    assertThat(weights.head()).isEqualTo(StartingWeights.Head.NEW);
    assertThat(array(weights.parameters(), wanted(2), "fc.weight"))
        .isEqualTo(array(FirstState.of(wanted(2)).parameters(), wanted(2), "fc.weight"));
  }

  @Test
  void aFileOfOtherClassesGetsANewHeadToo() {
    String file = model("p", "q", "r") + "/model.safetensors";
    StartingWeights weights = StartingWeights.read(file, wanted(2), classes("a", "b"));
    assertThat(weights.head()).isEqualTo(StartingWeights.Head.NEW);
  }

  @Test
  void anotherNetworkIsRefused() {
    assertThatThrownBy(
            () ->
                StartingWeights.read(
                    model("a", "b").toString(),
                    NetworkSpec.of("resnet34", INPUT, 2),
                    classes("a", "b")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("they are of resnet18, not resnet34");
  }

  @Test
  void frozenLayersStayToTheBitAndOthersLearnSlowly() {
    NetworkSpec spec = wanted(4);
    LayerRates half =
        LayerRates.of(Architectures.blueprint(spec), "from=" + node(spec, "layer4.0.conv1"), 0);
    byte[] before = FirstState.of(spec).parameters();
    byte[] after = stepped(spec, half, 3);
    for (StateLayout.Block block : StateLayout.of(spec).blocks()) {
      boolean frozen = half.of(block.node()) == 0;
      boolean same =
          Arrays.equals(array(before, spec, block.name()), array(after, spec, block.name()));
      assertThat(same).as(block.name()).isEqualTo(frozen);
    }
    LayerRates head = LayerRates.of(Architectures.blueprint(spec), "head", 0);
    assertThat(half.frozen()).isNotEmpty();
    assertThat(head.frozen()).hasSizeGreaterThan(half.frozen().size());
    // One step without momentum and decay is proportional to the rate.
    LayerRates slow = LayerRates.of(Architectures.blueprint(spec), "head", 0.1);
    float[] first = array(before, spec, "conv1.weight");
    float[] all = array(stepped(spec, LayerRates.ALL, 1), spec, "conv1.weight");
    float[] tenth = array(stepped(spec, slow, 1), spec, "conv1.weight");
    double fullWay = 0;
    double slowWay = 0;
    for (int i = 0; i < first.length; i++) {
      fullWay += Math.abs(all[i] - first[i]);
      slowWay += Math.abs(tenth[i] - first[i]);
    }
    assertThat(slowWay / fullWay).isBetween(0.09, 0.11);
  }

  private static String node(NetworkSpec spec, String key) {
    return Architectures.blueprint(spec).nodes().stream()
        .filter(node -> node.key().equals(key))
        .findFirst()
        .orElseThrow()
        .name();
  }

  private static byte[] stepped(NetworkSpec spec, LayerRates rates, int steps) {
    Random random = new Random(3);
    float[] inputs = new float[8 * spec.inputSize()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = (float) random.nextGaussian();
    }
    Minibatch minibatch = new Minibatch(inputs, random.ints(8, 0, 4).toArray());
    try (Network network = Networks.torch(spec)) {
      network.restore(FirstState.of(spec));
      for (int i = 0; i < steps; i++) {
        double unused = network.fit(minibatch, new Network.Step(0.01, 0, 0, rates));
      }
      return network.state().parameters();
    }
  }

  @Test
  void anUnknownLayerIsNamed() {
    assertThatThrownBy(() -> LayerRates.of(Architectures.blueprint(wanted(2)), "from=nothing", 0))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith("Cannot train layers from=nothing: give all, head, or from=");
  }
}
