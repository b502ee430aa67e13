package convoy.network.dl4j;

import static convoy.network.Networks.distance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import convoy.data.reading.Minibatch;
import convoy.network.Architectures;
import convoy.network.FirstState;
import convoy.network.LayerRates;
import convoy.network.ModelState;
import convoy.network.Network;
import convoy.network.NetworkSpec;
import convoy.network.Networks;
import convoy.network.Optimizer;
import convoy.network.StateLayout;
import convoy.network.architecture.Parameter.Role;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SteppingGraphIT {

  /** Kernels, normalizations whose statistics the updater knows nothing of, and dense layers. */
  @Test
  void aStateComesBackAtAnyRate() {
    NetworkSpec spec = NetworkSpec.of("resnet18", List.of(3, 32, 32), 10);
    ModelState state = random(StateLayout.of(spec));
    SteppingGraph graph = new SteppingGraph(spec, 0.9, 5e-4);
    graph.restore(state);
    assertThat(graph.state().digest()).isEqualTo(state.digest());
    graph.learningRate(0.25);
    assertThat(graph.state().digest()).isEqualTo(state.digest());
    graph.learningRate(0);
    graph.learningRate(0.3);
    assertThat(distance(graph.state().momentum(), state.momentum())).isLessThan(1e-5);
    graph.restore(state);
    assertThat(graph.state().digest()).isEqualTo(state.digest());
  }

  /** Deeplearning4j's own steps are the engine's. */
  @Test
  void stepsAreTheEngines() {
    NetworkSpec spec = NetworkSpec.of("lenet", List.of(1, 28, 28), 10);
    Optimizer.Sgd sgd = new Optimizer.Sgd(0.9, true);
    Network.Step step =
        new Network.Step(0.01, sgd, 5e-4, 0, LayerRates.ALL, new Network.Loss(0.1, List.of()));
    SteppingGraph graph = new SteppingGraph(spec, 0.9, 5e-4);
    Examples examples = new Examples(spec);
    try (Network engine = new Dl4jNetwork(Architectures.blueprint(spec))) {
      engine.remember(sgd);
      engine.restore(FirstState.of(spec));
      graph.restore(FirstState.of(spec));
      graph.learningRate(0.01);
      for (int i = 0; i < 6; i++) {
        Minibatch minibatch = Networks.minibatch(spec, 16 + i);
        double loss = engine.fit(minibatch, step);
        double decay = graph.graph().calcRegularizationScore(true);
        graph.graph().fit(examples.of(minibatch, 0.1));
        assertThat(graph.graph().score() - decay).isCloseTo(loss, within(1e-4));
        assertThat(distance(graph.state().parameters(), engine.state().parameters()))
            .isLessThan(1e-5);
        assertThat(distance(graph.state().momentum(), engine.state().momentum())).isLessThan(1e-5);
      }
    }
  }

  private static ModelState random(StateLayout layout) {
    Random random = new Random(5);
    byte[] parameters = new byte[layout.bytes()];
    byte[] momentum = new byte[layout.bytes()];
    for (StateLayout.Block block : layout.blocks()) {
      for (int i = block.from(); i < block.from() + block.length(); i++) {
        ModelState.floats(parameters).put(i, random.nextFloat());
        if (block.role() != Role.STATISTIC) {
          ModelState.floats(momentum).put(i, random.nextFloat() - 0.5f);
        }
      }
    }
    return new ModelState(parameters, momentum);
  }
}
