package convoy.network.architecture;

import convoy.core.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A network that a configuration lists layer by layer; the output is added. */
public final class Sequential {
  private Sequential() {}

  public static Blueprint draw(Sketch sketch, List<LayerSpec> layers) {
    Map<String, Integer> numbers = new HashMap<>();
    for (LayerSpec layer : layers) {
      if (layer instanceof LayerSpec.Sum
          || layer instanceof LayerSpec.Concatenation
          || layer instanceof LayerSpec.Softmax) {
        throw new UserException(
            "Cannot put %s into a sequence: it has more than one input, or is the output, which is added anyhow. Leave it out."
                .formatted(name(layer)));
      }
      String name = name(layer);
      sketch.layer(name + numbers.merge(name, 1, Integer::sum), layer);
    }
    return sketch.softmax("output");
  }

  /** {@code max-pooling}. */
  private static String name(LayerSpec layer) {
    return layer
        .getClass()
        .getSimpleName()
        .replaceAll("([a-z])([A-Z])", "$1-$2")
        .toLowerCase(Locale.ROOT);
  }
}
