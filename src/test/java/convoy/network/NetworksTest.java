package convoy.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import convoy.convolution.Shape;
import convoy.core.UserException;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.LayerSpec;
import convoy.network.architecture.ResNet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The networks' counts against the literature. */
class NetworksTest {

  private static Blueprint usual(String architecture) {
    return Architectures.blueprint(
        NetworkSpec.of(
            architecture,
            Architectures.usualInput(architecture),
            Architectures.usualClasses(architecture)));
  }

  private static Map<String, Node> nodes(Blueprint blueprint) {
    Map<String, Node> nodes = new LinkedHashMap<>();
    blueprint.nodes().forEach(node -> nodes.put(node.name(), node));
    return nodes;
  }

  /**
   * AlexNet is the lecture's, ZFNet and GoogLeNet are counted from the papers' tables, the others
   * are torchvision's; two groups as Caffe counts them.
   */
  @ParameterizedTest
  @CsvSource({
    "lenet, 431080",
    "alexnet, 62378344",
    "alexnet-two-groups, 60965224",
    "zfnet, 62357608",
    "vgg11, 132863336",
    "vgg13, 133047848",
    "vgg16, 138357544",
    "vgg19, 143667240",
    "vgg11-bn, 132868840",
    "vgg13-bn, 133053736",
    "vgg16-bn, 138365992",
    "vgg19-bn, 143678248",
    "googlenet, 6998552",
    "resnet18, 11689512",
    "resnet34, 21797672",
    "resnet50, 25557032",
    "resnet101, 44549160",
    "resnet152, 60192808",
    "resnet20, 269722",
    "resnet32, 464154",
    "resnet44, 658586",
    "resnet56, 853018",
    "mobilenet, 4231976"
  })
  void parameters(String architecture, long parameters) {
    assertThat(usual(architecture).parameters()).isEqualTo(parameters);
  }

  /**
   * In units of 10^9, to the literature's digits; the first four by hand from their tables, to the
   * last one.
   */
  @ParameterizedTest
  @CsvSource({
    "lenet, 0.002293, 0",
    "alexnet, 1.135256096, 0",
    "alexnet-two-groups, 0.724406816, 0",
    "zfnet, 1.168032896, 0",
    "vgg11, 7.61, 0.005",
    "vgg11-bn, 7.61, 0.005",
    "vgg13, 11.31, 0.005",
    "vgg13-bn, 11.31, 0.005",
    "vgg16, 15.47, 0.005",
    "vgg16-bn, 15.47, 0.005",
    "vgg19, 19.63, 0.005",
    "googlenet, 1.583, 0.0005",
    "resnet18, 1.81, 0.006",
    "resnet34, 3.66, 0.006",
    "resnet50, 4.09, 0.006",
    "resnet101, 7.80, 0.006",
    "resnet152, 11.51, 0.006",
    "mobilenet, 0.569, 0.0005",
    "resnet20, 0.041, 0.0005",
    "resnet32, 0.069, 0.0005",
    "resnet44, 0.097, 0.0005",
    "resnet56, 0.1255, 0.0005"
  })
  void multiplications(String architecture, double billions, double digits) {
    long count = usual(architecture).nodes().stream().mapToLong(Node::multiplications).sum();
    assertThat(count / 1e9).isCloseTo(billions, within(digits));
  }

  /**
   * The lecture's page of VGG-16: memory and weights of every layer, biases not counted; and the
   * multiplications: every weight once for each place of the map.
   */
  @ParameterizedTest
  @CsvSource({
    "conv1-1, 64x224x224, 1728, 86704128",
    "conv1-2, 64x224x224, 36864, 1849688064",
    "pool1, 64x112x112, 0, 0",
    "conv2-1, 128x112x112, 73728, 924844032",
    "conv2-2, 128x112x112, 147456, 1849688064",
    "pool2, 128x56x56, 0, 0",
    "conv3-1, 256x56x56, 294912, 924844032",
    "conv3-2, 256x56x56, 589824, 1849688064",
    "conv3-3, 256x56x56, 589824, 1849688064",
    "pool3, 256x28x28, 0, 0",
    "conv4-1, 512x28x28, 1179648, 924844032",
    "conv4-2, 512x28x28, 2359296, 1849688064",
    "conv4-3, 512x28x28, 2359296, 1849688064",
    "pool4, 512x14x14, 0, 0",
    "conv5-1, 512x14x14, 2359296, 462422016",
    "conv5-2, 512x14x14, 2359296, 462422016",
    "conv5-3, 512x14x14, 2359296, 462422016",
    "pool5, 512x7x7, 0, 0",
    "fc6, 4096, 102760448, 102760448",
    "fc7, 4096, 16777216, 16777216",
    "fc8, 1000, 4096000, 4096000"
  })
  void vgg16LayerByLayer(String layer, String output, long weights, long multiplications) {
    Node node = nodes(usual("vgg16")).get(layer);
    assertThat(node.output()).hasToString(output);
    assertThat(node.weights()).isEqualTo(weights);
    assertThat(node.multiplications()).isEqualTo(multiplications);
  }

  @Test
  void vgg16WithoutBiases() {
    assertThat(usual("vgg16").nodes().stream().mapToLong(Node::weights).sum())
        .isEqualTo(138_344_128);
  }

  /** The lecture's page of AlexNet; parameters from the reference. */
  @ParameterizedTest
  @CsvSource({
    "conv1, 96x55x55, 34944, 105415200",
    "pool1, 96x27x27, 0, 0",
    "norm1, 96x27x27, 0, 0",
    "conv2, 256x27x27, 614656, 447897600",
    "pool2, 256x13x13, 0, 0",
    "norm2, 256x13x13, 0, 0",
    "conv3, 384x13x13, 885120, 149520384",
    "conv4, 384x13x13, 1327488, 224280576",
    "conv5, 256x13x13, 884992, 149520384",
    "pool5, 256x6x6, 0, 0",
    "fc6, 4096, 37752832, 37748736",
    "fc7, 4096, 16781312, 16777216",
    "fc8, 1000, 4097000, 4096000"
  })
  void alexNetLayerByLayer(String layer, String output, long parameters, long multiplications) {
    assertLayer(nodes(usual("alexnet")).get(layer), output, parameters, multiplications);
  }

  private static void assertLayer(Node node, String output, long parameters, long multiplications) {
    assertThat(node.output()).hasToString(output);
    assertThat(node.parameters()).isEqualTo(parameters);
    assertThat(node.multiplications()).isEqualTo(multiplications);
  }

  @Test
  void twoGroupsHalveTheirLayers() {
    Map<String, Node> one = nodes(usual("alexnet"));
    Map<String, Node> two = nodes(usual("alexnet-two-groups"));
    for (String layer : List.of("conv2", "conv4", "conv5")) {
      assertThat(2 * two.get(layer).weights()).isEqualTo(one.get(layer).weights());
      assertThat(2 * two.get(layer).multiplications()).isEqualTo(one.get(layer).multiplications());
    }
    assertThat(two.get("conv3").weights()).isEqualTo(one.get("conv3").weights());
  }

  /** The paper's table 1: map sizes and the parameters and operations it rounds to. */
  @ParameterizedTest
  @CsvSource({
    "conv1, 64x112x112",
    "pool1, 64x56x56",
    "conv2, 192x56x56",
    "pool2, 192x28x28",
    "3a, 256x28x28",
    "3b, 480x28x28",
    "pool3, 480x14x14",
    "4a, 512x14x14",
    "4b, 512x14x14",
    "4c, 512x14x14",
    "4d, 528x14x14",
    "4e, 832x14x14",
    "pool4, 832x7x7",
    "5a, 832x7x7",
    "5b, 1024x7x7",
    "pool5, 1024",
    "fc, 1000"
  })
  void googLeNetsMaps(String layer, String output) {
    assertThat(nodes(usual("googlenet")).get(layer).output()).hasToString(output);
  }

  /**
   * Millions of operations in the paper's table 1. Left out: conv1 and 5a, whose 34 and 54 are not
   * those of the windows and filters in the same lines (118 and 51); its column of parameters, in
   * units of 1024, differs from its filters by up to 8 % in either direction.
   */
  @ParameterizedTest
  @CsvSource({
    "conv2, 360",
    "3a, 128",
    "3b, 304",
    "4a, 73",
    "4b, 88",
    "4c, 100",
    "4d, 119",
    "4e, 170",
    "5b, 71",
    "fc, 1"
  })
  void googLeNetsOperations(String module, double millions) {
    long multiplications =
        usual("googlenet").nodes().stream()
            .filter(node -> node.name().equals(module) || node.name().startsWith(module + "-"))
            .mapToLong(Node::multiplications)
            .sum();
    assertThat(multiplications / 1e6).isCloseTo(millions, within(0.7));
  }

  /** Layer by layer for one bottleneck with projection: 1x1, 3x3, 1x1 of 64, 64, 256 on 56x56. */
  @ParameterizedTest
  @CsvSource({
    "conv1, 64x112x112, 9408, 118013952",
    "stage1-block1-conv1, 64x56x56, 4096, 12845056",
    "stage1-block1-conv2, 64x56x56, 36864, 115605504",
    "stage1-block1-conv3, 256x56x56, 16384, 51380224",
    "stage1-block1-projection, 256x56x56, 16384, 51380224",
    "stage4-block3-conv3, 2048x7x7, 1048576, 51380224",
    "fc, 1000, 2049000, 2048000"
  })
  void resNet50LayerByLayer(String layer, String output, long parameters, long multiplications) {
    assertLayer(nodes(usual("resnet50")).get(layer), output, parameters, multiplications);
  }

  /** The paper's figure 3: 110, 55, 26, 13 and 6 places a side. */
  @ParameterizedTest
  @CsvSource({
    "conv1, 96x110x110, 14208, 170755200",
    "pool1, 96x55x55, 0, 0",
    "conv2, 256x26x26, 614656, 415334400",
    "pool2, 256x13x13, 0, 0",
    "conv3, 384x13x13, 885120, 149520384",
    "conv4, 384x13x13, 1327488, 224280576",
    "conv5, 256x13x13, 884992, 149520384",
    "pool5, 256x6x6, 0, 0",
    "fc6, 4096, 37752832, 37748736"
  })
  void zfNetLayerByLayer(String layer, String output, long parameters, long multiplications) {
    assertLayer(nodes(usual("zfnet")).get(layer), output, parameters, multiplications);
  }

  /** Normalization comes before pooling in the paper (section 3.5), after it in the lecture. */
  @Test
  void theTwoColumnsNormalizeBeforeTheyPool() {
    assertThat(nodes(usual("alexnet-two-groups")).get("norm1").output()).hasToString("96x55x55");
    assertThat(nodes(usual("alexnet-two-groups")).get("norm2").output()).hasToString("256x27x27");
  }

  /** The paper's table 1 and 2: a depthwise convolution and the 1x1 after it. */
  @ParameterizedTest
  @CsvSource({
    "conv1, 32x112x112, 864, 10838016",
    "block1-depthwise, 32x112x112, 288, 3612672",
    "block1-pointwise, 64x112x112, 2048, 25690112",
    "block2-depthwise, 64x56x56, 576, 1806336",
    "block13-pointwise, 1024x7x7, 1048576, 51380224"
  })
  void mobileNetLayerByLayer(String layer, String output, long parameters, long multiplications) {
    assertLayer(nodes(usual("mobilenet")).get(layer), output, parameters, multiplications);
  }

  @Test
  void googLeNetsHeadsTrainAndAreDropped() {
    NetworkSpec spec = NetworkSpec.of("googlenet", List.of(3, 224, 224), 1000);
    Blueprint training = Architectures.blueprint(spec.in(NetworkSpec.Phase.TRAINING));
    Blueprint trained = Architectures.blueprint(spec);
    // Each head: 1x1 with 128 filters, 1024 neurons on 4x4 maps, 1000 classes.
    long head1 = 512 * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000;
    long head2 = head1 + 16 * 128;
    assertThat(training.parameters() - trained.parameters()).isEqualTo(head1 + head2);
    assertThat(trained.nodes()).noneMatch(node -> node.name().startsWith("head"));
    assertThat(trained.output().name()).isEqualTo("fc");
  }

  /** The lecture: kernels as many as K have K independent pairs, and as many statistics. */
  @Test
  void batchNormalizationHasOnePairAFilter() {
    LayerSpec layer = new LayerSpec.BatchNormalization();
    Shape maps = Shape.of(96, 55, 55);
    assertThat(layer.weights(maps)).isEqualTo(96);
    assertThat(layer.biases(maps)).isEqualTo(96);
    assertThat(layer.statistics(maps)).isEqualTo(2 * 96);
  }

  @Test
  void receptiveFieldsAreTheLiteratures() {
    assertThat(nodes(usual("vgg16")).get("conv1-2").receptiveField().size()).isEqualTo(5);
    assertThat(nodes(usual("vgg16")).get("conv5-3").receptiveField().size()).isEqualTo(196);
    assertThat(nodes(usual("vgg16")).get("pool5").receptiveField().size()).isEqualTo(212);
    assertThat(nodes(usual("alexnet")).get("pool5").receptiveField().size()).isEqualTo(195);
    assertThat(nodes(usual("resnet18")).get("stage4-block2-relu").receptiveField().size())
        .isEqualTo(435);
  }

  @Test
  void firstWeightsAreThePapers() {
    Map<String, Node> alexnet = nodes(usual("alexnet"));
    assertThat(alexnet.values().stream().filter(n -> n.firstWeights().bias() == 1))
        .filteredOn(node -> node.parameters() > 0)
        .extracting(Node::name)
        .containsExactly("conv2", "conv4", "conv5", "fc6", "fc7");
  }

  static List<String> architectures() {
    return Architectures.names().stream()
        .filter(name -> !name.equals(Architectures.SEQUENTIAL))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void anyNumberOfClassesAndInputsOfAnyShape(String architecture) {
    int channels = Architectures.usualInput(architecture).get(0);
    int side = architecture.equals("zfnet") || architecture.startsWith("alexnet") ? 67 : 64;
    Blueprint wide =
        Architectures.blueprint(
            NetworkSpec.of(architecture, List.of(channels, side, side + 40), 17));
    assertThat(wide.output().output()).hasToString("17");
  }

  @ParameterizedTest
  @CsvSource({
    "lenet, 15, pool2",
    "alexnet, 62, pool5",
    "zfnet, 34, pool5",
    "vgg11, 31, pool5",
    "vgg16-bn, 15, pool4"
  })
  void theLayerWhereAMapVanishesIsNamed(String architecture, int side, String layer) {
    int channels = Architectures.usualInput(architecture).get(0);
    NetworkSpec spec = NetworkSpec.of(architecture, List.of(channels, side, side), 10);
    assertThatThrownBy(() -> Architectures.blueprint(spec))
        .isInstanceOf(UserException.class)
        .hasMessageStartingWith(
            "Cannot build %s for input [%d, %d, %d]. At layer %s: "
                .formatted(architecture, channels, side, side, layer))
        .hasMessageEndingWith("nothing is left of the map. Use a larger input.");
  }

  @Test
  void aSequenceIsBuiltAsItIsListed() {
    NetworkSpec spec =
        new NetworkSpec(
            "sequential",
            List.of(
                new LayerSpec.Convolution(8, 3, 1, 1, 1, 1, true),
                new LayerSpec.Relu(),
                new LayerSpec.TiledConvolution(4, 3, 2, 1, 1),
                new LayerSpec.MaxPooling(2, 2, 0)),
            ResNet.Stem.LARGE,
            List.of(1, 28, 28),
            10,
            0,
            1,
            NetworkSpec.Phase.TRAINING);
    assertThat(Architectures.blueprint(spec).nodes())
        .extracting(Node::name)
        .containsExactly("convolution1", "relu1", "tiled-convolution1", "max-pooling1", "output");
    assertThat(nodes(Architectures.blueprint(spec)).get("tiled-convolution1").parameters())
        .isEqualTo(4 * (4 * 8 * 9 + 4));
  }

  private static NetworkSpec sequence(LayerSpec... layers) {
    return new NetworkSpec(
        "sequential",
        List.of(layers),
        ResNet.Stem.LARGE,
        List.of(3, 28, 28),
        10,
        0,
        1,
        NetworkSpec.Phase.TRAINING);
  }

  @Test
  void aSequenceThatDoesNotFitNamesItsLayer() {
    assertRefused(
        "At layer local-response-normalization1: Cannot move a window over 5",
        new LayerSpec.Dense(5),
        new LayerSpec.LocalResponseNormalization());
    assertRefused(
        "At layer global-average-pooling1: ",
        new LayerSpec.Dense(5),
        new LayerSpec.GlobalAveragePooling());
    assertRefused(
        "At layer padded-shortcut1: Cannot pad 3 channels to 2. Use at least as many.",
        new LayerSpec.PaddedShortcut(2, 2));
    assertRefused(
        "At layer convolution1: Cannot split 3 channels into 2 groups.",
        new LayerSpec.Convolution(4, 3, 1, 1, 1, 2, true));
    assertRefused(
        "At layer convolution1: Cannot make a map of 30000x30026x30026: it has more than 2^31 values.",
        new LayerSpec.Convolution(30_000, 3, 1, 15_000, 1, 1, true));
  }

  private static void assertRefused(String message, LayerSpec... layers) {
    assertThatThrownBy(() -> Architectures.blueprint(sequence(layers)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatCannotBeALayerIsRefused() {
    assertThatThrownBy(() -> new LayerSpec.AveragePooling(1, 1, 1))
        .isInstanceOf(UserException.class)
        .hasMessage("Invalid padding: 1 (must be less than the size, 1)");
    assertThatThrownBy(() -> new LayerSpec.Convolution(8, 50_000, 1, 0, 1, 1, true))
        .isInstanceOf(UserException.class)
        .hasMessage("Invalid size: 50000 (must be from 1 to 32767)");
    assertThatThrownBy(() -> NetworkSpec.of("lenet", List.of(1, 40_000, 40_000), 10))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("must have at most 268,435,456 values");
  }
}
