package convoy.network.architecture;

import convoy.convolution.Shape;
import convoy.network.architecture.Sketch.SquareWindow;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parts of networks that are often counted by hand: what a 1x1 convolution saves before a 5x5 one
 * (Szegedy et al., 2015), alone and in an inception module. To be described, not trained.
 */
public final class Modules {
  private static final Shape BEFORE_5X5 = Shape.of(192, 28, 28);
  private static final Shape BEFORE_INCEPTION = Shape.of(256, 28, 28);
  private static final Map<String, Module> MODULES = new LinkedHashMap<>();

  /**
   * @param note what is worth knowing about the counts
   */
  public record Module(Blueprint blueprint, String note) {}

  static {
    MODULES.put(
        "module-5x5",
        new Module(
            new Sketch(BEFORE_5X5, 1).convolution("5x5", 32, new SquareWindow(5, 1, 2)).whole(),
            "5^2 x 28^2 x 192 x 32 multiplications."));
    MODULES.put(
        "module-5x5-bottleneck",
        new Module(
            new Sketch(BEFORE_5X5, 1)
                .convolution("1x1-reduce", 16, new SquareWindow(1, 1, 0))
                .convolution("5x5", 32, new SquareWindow(5, 1, 2))
                .whole(),
            "28^2 x 192 x 16 + 5^2 x 28^2 x 16 x 32 multiplications: a tenth of module-5x5."));
    MODULES.put(
        "module-inception-naive",
        new Module(naive(), "28^2 x 256 x (128 + 3^2 x 192 + 5^2 x 96) multiplications."));
    MODULES.put(
        "module-inception",
        new Module(
            bottlenecks(),
            "271,351,808 multiplications. Lectures often say 358 M, which is 358,055,936: the 3x3"
                + " convolution's 86,704,128 counted twice."));
  }

  private Modules() {}

  public static Map<String, Module> all() {
    return Collections.unmodifiableMap(MODULES);
  }

  private static Blueprint naive() {
    Sketch sketch = new Sketch(BEFORE_INCEPTION, 1);
    sketch.convolution("1x1", 128, new SquareWindow(1, 1, 0));
    sketch.from(Blueprint.INPUT).convolution("3x3", 192, new SquareWindow(3, 1, 1));
    sketch.from(Blueprint.INPUT).convolution("5x5", 96, new SquareWindow(5, 1, 2));
    sketch.from(Blueprint.INPUT).maxPooling("pool", new SquareWindow(3, 1, 1));
    return sketch.concatenation("concatenation", List.of("1x1", "3x3", "5x5", "pool")).whole();
  }

  private static Blueprint bottlenecks() {
    Sketch sketch = new Sketch(BEFORE_INCEPTION, 1);
    SquareWindow one = new SquareWindow(1, 1, 0);
    sketch.convolution("1x1", 128, one);
    sketch.from(Blueprint.INPUT).convolution("3x3-reduce", 64, one);
    sketch.convolution("3x3", 192, new SquareWindow(3, 1, 1));
    sketch.from(Blueprint.INPUT).convolution("5x5-reduce", 64, one);
    sketch.convolution("5x5", 96, new SquareWindow(5, 1, 2));
    sketch.from(Blueprint.INPUT).maxPooling("pool", new SquareWindow(3, 1, 1));
    sketch.convolution("project", 64, one);
    return sketch.concatenation("concatenation", List.of("1x1", "3x3", "5x5", "project")).whole();
  }
}
