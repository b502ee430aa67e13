package convoy.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.initializer.XavierInitializer.FactorType;
import ai.djl.training.initializer.XavierInitializer.RandomType;
import ai.djl.training.loss.Loss;
import ai.djl.util.PairList;
import convoy.network.architecture.Blueprint;
import convoy.network.architecture.Blueprint.Node;
import convoy.network.architecture.FirstWeights;
import convoy.network.architecture.LayerSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** The layers of a blueprint as DJL's blocks, in order; with the heads only while training. */
final class DjlGraph extends AbstractBlock {
  private final Blueprint trained;
  private final Blueprint asked;
  private final Map<String, Block> layers = new LinkedHashMap<>();
  private final List<NDArray> lossWeights = new ArrayList<>();

  /**
   * @param owner of the constants
   */
  DjlGraph(Blueprint blueprint, NDManager owner) {
    trained = blueprint;
    asked = blueprint.withoutHeads();
    for (Node node : blueprint.nodes()) {
      Block layer = node.layer().accept(new DjlLayers(node, owner));
      begin(layer, node.firstWeights());
      layers.put(node.name(), addChildBlock(node.name(), layer));
      if (node.layer() instanceof LayerSpec.Softmax softmax) {
        lossWeights.add(owner.create((float) softmax.lossWeight()));
      }
    }
  }

  private static void begin(Block layer, FirstWeights first) {
    Initializer weights =
        switch (first.scheme()) {
          case HE -> new XavierInitializer(RandomType.GAUSSIAN, FactorType.IN, 2);
          case GLOROT -> new XavierInitializer(RandomType.UNIFORM, FactorType.AVG, 3);
          case GAUSSIAN -> new NormalInitializer(0.01f);
        };
    layer.setInitializer(weights, Parameter.Type.WEIGHT);
    layer.setInitializer(new ConstantInitializer((float) first.bias()), Parameter.Type.BIAS);
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
    long examples = inputs[0].get(0);
    for (Node node : trained.nodes()) {
      Shape input = shape(examples, node.inputShape());
      Shape[] all = node.inputs().stream().map(name -> input).toArray(Shape[]::new);
      layers.get(node.name()).initialize(manager, type, all);
    }
  }

  private static Shape shape(long examples, convoy.convolution.Shape one) {
    return new Shape(
        LongStream.concat(
                LongStream.of(examples), one.sizes().stream().mapToLong(Integer::longValue))
            .toArray());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputs) {
    return new Shape[] {shape(inputs[0].get(0), trained.output().output())};
  }

  /** The scores of all heads in the blueprint's order, or only those of the last one. */
  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      PairList<String, Object> options) {
    Blueprint run = training ? trained : asked;
    Map<String, Integer> readers = readers(run);
    Map<String, NDArray> outputs = new HashMap<>();
    outputs.put(Blueprint.INPUT, inputs.singletonOrThrow());
    NDList scores = new NDList();
    for (Node node : run.nodes()) {
      NDList read = new NDList(node.inputs().stream().map(outputs::get).toList());
      NDList output = layers.get(node.name()).forward(parameters, read, training);
      outputs.put(node.name(), output.singletonOrThrow());
      closeRead(node, readers, outputs);
      if (node.layer() instanceof LayerSpec.Softmax) {
        scores.addAll(output);
      }
    }
    return scores;
  }

  private static void closeRead(
      Node node, Map<String, Integer> readers, Map<String, NDArray> outputs) {
    for (String name : node.inputs()) {
      boolean last = readers.merge(name, -1, Integer::sum) == 0;
      // The backward pass reads the input, whose memory is the Java object's.
      if (last && !name.equals(Blueprint.INPUT)) {
        outputs.remove(name).close();
      }
    }
  }

  private static Map<String, Integer> readers(Blueprint blueprint) {
    Map<String, Integer> readers = new HashMap<>();
    for (Node node : blueprint.nodes()) {
      node.inputs().forEach(name -> readers.merge(name, 1, Integer::sum));
    }
    return readers;
  }

  /** The heads' losses, each with its weight. */
  NDArray loss(NDList scores, NDList labels, Loss loss) {
    NDArray whole = null;
    for (int i = 0; i < scores.size(); i++) {
      NDArray part = loss.evaluate(labels, new NDList(scores.get(i)));
      NDArray weighted = scores.size() == 1 ? part : part.mul(lossWeights.get(i));
      whole = whole == null ? weighted : whole.add(weighted);
    }
    return whole;
  }
}
